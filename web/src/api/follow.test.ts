import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followJob, type JobEvent, type StreamState } from "./follow";

type Connection = (after: number, signal: AbortSignal) => Response;

/** A coordinator that keeps events and serves them as ours does; each connection is scripted. */
class Stream {
  asked: number[] = [];
  slept: number[] = [];
  events: JobEvent[] = [];
  states: StreamState[] = [];
  readonly left = new AbortController();
  private readonly connections: Connection[];

  constructor(connections: Connection[]) {
    this.connections = connections;
  }

  async follow(after?: number): Promise<void> {
    const told = {
      jobId: "job",
      signal: this.left.signal,
      onEvents: (events: JobEvent[]) => void this.events.push(...events),
      onState: (state: StreamState) => void this.states.push(state),
    };
    await followJob(after === undefined ? told : { ...told, after }, {
      fetch: (url, { signal }) => {
        const asked = Number(new URL(url, "http://here").searchParams.get("after"));
        this.asked.push(asked);
        const next = this.connections.shift();
        if (next === undefined) return Promise.reject(new TypeError("nobody listens"));
        return Promise.resolve(next(asked, signal ?? this.left.signal));
      },
      sleep: (ms) => {
        this.slept.push(ms);
        if (this.slept.length > 20) this.left.abort();
        return Promise.resolve();
      },
      random: () => 1,
    });
  }

  get seqs(): number[] {
    return this.events.map(({ seq }) => seq);
  }

  get names(): string[] {
    return this.states.map(({ name }) => name);
  }
}

const event = (seq: number, data: Record<string, unknown> = {}, kind = "log"): string => {
  const body = { seq, jobId: "job", kind, data, at: "2026-11-28T10:00:00.000Z" };
  return `event: ${kind}\nid: ${seq}\ndata: ${JSON.stringify(body)}\n\n`;
};
const last = (seq: number): string => event(seq, { status: "completed" }, "status");

type Part = string | number | Error;

/** An answer in chunks; a number is a pause, and an Error breaks the connection. As fetch has it, so does its signal. */
const answer =
  (...parts: Part[]) =>
  (_after: number, signal: AbortSignal): Response => {
    const rest = parts.values();
    const body = new ReadableStream<Uint8Array>(
      {
        start: (out) => signal.addEventListener("abort", () => out.error(signal.reason)),
        async pull(out) {
          const part = rest.next().value;
          await new Promise((resolve) => setTimeout(resolve, typeof part === "number" ? part : 1));
          if (signal.aborted) return;
          if (part === undefined) out.close();
          else if (part instanceof Error) out.error(part);
          else out.enqueue(new TextEncoder().encode(typeof part === "string" ? part : ": still here\n\n"));
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  };

const refusal = (status: number, code: string) => (): Response =>
  new Response(JSON.stringify({ code, detail: "No" }), { status });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets time pass until the follower is done. */
async function settled(work: Promise<void>): Promise<void> {
  const progress = { done: false };
  void work.finally(() => (progress.done = true));
  while (!progress.done) await vi.advanceTimersByTimeAsync(50);
  await work;
}

describe("a job's stream", () => {
  it("tells each event and ends with the job", async () => {
    const stream = new Stream([answer(event(1), event(2), last(3))]);
    await settled(stream.follow());
    expect(stream.seqs).toEqual([1, 2, 3]);
    expect(stream.names).toEqual(["connecting", "catching-up", "ended"]);
  });

  it("asks on from the last event after a drop, and takes none twice", async () => {
    const stream = new Stream([
      answer(event(1), event(2), new TypeError("connection reset")),
      answer(event(2), event(3), event(3), last(4)),
    ]);
    await settled(stream.follow());
    expect(stream.asked).toEqual([0, 2]);
    expect(stream.seqs).toEqual([1, 2, 3, 4]);
  });

  it("does not take an event that was cut off in the middle, and gets it whole the next time", async () => {
    const whole = event(2);
    const stream = new Stream([
      answer(event(1), whole.slice(0, 30), new TypeError("connection reset")),
      answer(whole, last(3)),
    ]);
    await settled(stream.follow());
    expect(stream.seqs).toEqual([1, 2, 3]);
  });

  it("takes an end without the job's end for a drop", async () => {
    const stream = new Stream([answer(event(1)), answer(last(2))]);
    await settled(stream.follow());
    expect(stream.asked).toEqual([0, 1]);
    expect(stream.names).toContain("reconnecting");
    expect(stream.names.at(-1)).toBe("ended");
  });

  it("says that it is live after a pause, and how much came late after a drop", async () => {
    const stream = new Stream([
      answer(event(1), 1000, event(2), new TypeError("connection reset")),
      answer(event(3), event(4), 1000, last(5)),
    ]);
    await settled(stream.follow());
    expect(stream.states.filter(({ name }) => name === "live")).toEqual([
      { name: "live", recovered: 0 },
      { name: "live", recovered: 2 },
    ]);
  });

  it("says that it is live though the stream never pauses", async () => {
    const tokens = Array.from({ length: 50 }, (_, index) => [event(index + 1), 100]).flat();
    const stream = new Stream([answer(...tokens, last(51))]);
    await settled(stream.follow());
    expect(stream.names).toEqual(["connecting", "catching-up", "live", "ended"]);
    expect(stream.seqs).toHaveLength(51);
  });

  it("waits longer each time that nobody answers, up to a limit, and starts anew after success", async () => {
    const stream = new Stream([]);
    await settled(stream.follow());
    expect(stream.slept.slice(0, 7)).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000]);

    const recovering = new Stream([refusal(503, "unavailable"), answer(event(1)), answer(last(2))]);
    await settled(recovering.follow());
    expect(recovering.slept).toEqual([500, 500]);
  });

  it("gives up where waiting does not help, and says why", async () => {
    const stream = new Stream([refusal(403, "unauthorized")]);
    await settled(stream.follow());
    expect(stream.slept).toEqual([]);
    expect(stream.states.at(-1)).toMatchObject({
      name: "refused",
      error: { status: 403, code: "unauthorized" },
    });
  });

  it("leaves a connection that fell silent", async () => {
    const stream = new Stream([answer(event(1), 60_000, event(9)), answer(last(2))]);
    await settled(stream.follow());
    expect(stream.seqs).toEqual([1, 2]);
  });

  it("stops when it is left, without another word", async () => {
    const stream = new Stream([answer(event(1), 60_000)]);
    const work = stream.follow();
    await vi.advanceTimersByTimeAsync(10);
    stream.left.abort();
    await settled(work);
    expect(stream.asked).toEqual([0]);
    expect(stream.names).not.toContain("reconnecting");
  });
});
