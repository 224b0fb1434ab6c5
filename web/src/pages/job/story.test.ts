import { describe, expect, it } from "vitest";
import type { EventKind, JobEvent } from "@/api/events";
import { tell } from "./story";

let seq = 0;
function event(kind: EventKind, data: JobEvent["data"]): JobEvent {
  seq += 1;
  return { seq, jobId: "job", kind, data, at: "2026-01-01T00:00:00.000Z" };
}
const running = event("status", { status: "running" });

describe("tell", () => {
  it("puts the pieces of the answer together", () => {
    const { text } = tell([running, event("stream", { text: "2+2" }), event("stream", { text: " is 4" })]);

    expect(text).toBe("2+2 is 4");
  });

  it("forgets what an attempt that was lost had streamed", () => {
    const events = [
      running,
      event("stream", { text: "two" }),
      event("progress", { fraction: 0.9, message: "" }),
      event("status", { status: "queued" }),
      event("status", { status: "running" }),
      event("stream", { text: "four" }),
    ];

    expect(tell(events)).toMatchObject({ text: "four", progress: undefined, attempts: 2 });
    expect(tell(events).moments.at(-1)?.title).toBe("Runs on a node, attempt 2");
  });

  it("reads the loss of a model that learns from its progress", () => {
    const { losses } = tell([
      running,
      event("progress", { fraction: 0.1, message: "step 2 of 20, loss 3.1416" }),
    ]);

    expect(losses).toEqual([{ step: 2, loss: 3.1416 }]);
  });

  it("tells of checkpoints in a row together", () => {
    const { moments } = tell([running, ...[1, 2, 3].map(() => event("checkpoint", {}))]);

    expect(moments.map(({ title }) => title)).toEqual(["Runs on a node", "3 checkpoints stored"]);
  });

  it("tells of chain transactions and what they moved", () => {
    const { moments } = tell([event("payout", { amount: 0.09, transaction: "5x" })]);

    expect(moments).toMatchObject([{ title: "Provider paid", amount: 0.09, transaction: "5x" }]);
  });
});
