const url = "http://127.0.0.1:3001";
const walletAddress = "PASTE_YOUR_WALLET";
const key = "hnk_PASTE_YOUR_KEY";

async function ask(path, body, headers = {}) {
  const response = await fetch(url + path, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  if (response.ok) return response;
  const { code, error } = await response.json();
  throw new Error(`${response.status} ${code}: ${error}`);
}

const asked = {
  walletAddress,
  jobType: "llm_inference",
  input: { prompt: "What is 2+2?", maxTokens: 64, temperature: 0 },
  requirements: { minVRAM: 0 },
  budget: "0.5",
  maxDuration: 600,
};

// What it would cost. This makes nothing.
const { quote } = await (await ask("/api/jobs/quote", asked)).json();
console.log(quote.cost, quote.freeNodes, "nodes are free");

// Submit it. The same Idempotency-Key never makes a second job.
const created = await ask("/api/jobs", asked, { "Idempotency-Key": crypto.randomUUID() });
const { jobId } = (await created.json()).job;

// Follow it; after a lost connection the stream goes on where it broke off.
const ends = ["completed", "failed", "cancelled"];
let after = 0;
let status = "queued";
while (!ends.includes(status)) {
  try {
    const { body } = await ask(`/api/jobs/${jobId}/events?after=${after}`);
    let rest = "";
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop();
      for (const line of lines.filter((each) => each.startsWith("data: "))) {
        const event = JSON.parse(line.slice("data: ".length));
        after = event.seq;
        if (event.kind === "status") status = event.data.status;
        if (event.kind === "stream") process.stdout.write(event.data.text);
      }
    }
  } catch (lost) {
    console.error(`${lost.message}; again in a second`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

const { job } = await (await ask(`/api/jobs/${jobId}`)).json();
console.log(`\nJob ${jobId} ${status}, cost ${job.metrics.cost} HYPER`);
console.log(job.result?.text ?? job.error);
