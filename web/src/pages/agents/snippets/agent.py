from hypernode.client import ApiError, Client, JobFailed

URL = "http://127.0.0.1:3001"
WALLET = "PASTE_YOUR_WALLET"
KEY = "hnk_PASTE_YOUR_KEY"


def show(event):
    if event.kind == "stream":
        print(event.data["text"], end="", flush=True)


with Client(URL, wallet=WALLET, token=KEY) as network:
    try:
        # Submits, follows across lost connections, and returns the finished job. It never submits twice.
        job = network.run(
            "llm_inference",
            input={"prompt": "What is 2+2?", "maxTokens": 64, "temperature": 0},
            requirements={"minVRAM": 0},
            budget="0.5",
            max_duration=600,
            on_event=show,
        )
    except JobFailed as failed:
        raise SystemExit(f"No result: {failed}") from failed
    except ApiError as refused:
        raise SystemExit(f"Refused ({refused.code}): {refused}") from refused

print()
print(f"Job {job.job_id} cost {job.metrics.cost} HYPER")
print(job.result["text"])
