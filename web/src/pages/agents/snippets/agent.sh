URL=http://127.0.0.1:3001
WALLET=PASTE_YOUR_WALLET
KEY=hnk_PASTE_YOUR_KEY

cat > job.json <<JSON
{
  "walletAddress": "$WALLET",
  "jobType": "llm_inference",
  "input": {"prompt": "What is 2+2?", "maxTokens": 64, "temperature": 0},
  "requirements": {"minVRAM": 0},
  "budget": "0.5",
  "maxDuration": 600
}
JSON

# What it would cost, and how many nodes are free. This makes nothing.
curl -sS "$URL/api/jobs/quote" -H "Content-Type: application/json" -d @job.json
echo

# Submit it. The Idempotency-Key makes it safe to send again: the same key never makes a second job.
curl -sS "$URL/api/jobs" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \
  -H "Idempotency-Key: $(date +%s)-$$" -d @job.json > created.json
cat created.json
echo
JOB=$(sed -n 's/.*"jobId":"\([^"]*\)".*/\1/p' created.json)

# Follow it: progress, logs and tokens. The stream ends with the job; resume it with ?after=SEQ.
curl -sSN "$URL/api/jobs/$JOB/events" -H "Authorization: Bearer $KEY"

# The result, what it cost, and the receipt.
curl -sS "$URL/api/jobs/$JOB" -H "Authorization: Bearer $KEY"
echo
curl -sS "$URL/api/jobs/$JOB/receipt" -o receipt.json
