/** Follows a job's stream of events: resumed by sequence number after a drop, none twice and none left out. */
import { createParser } from "eventsource-parser";
import { type ApiError, asApiError, errorIn } from "./errors";

export type EventKind =
  "status" | "progress" | "log" | "stream" | "checkpoint" | "verification" | "payout" | "receipt";

export interface JobEvent {
  seq: number;
  jobId: string;
  kind: EventKind;
  data: Record<string, unknown>;
  /** ISO 8601. */
  at: string;
}

export type StreamState =
  | { name: "connecting" }
  /** Reading what happened before, or while the connection was down. */
  | { name: "catching-up" }
  /** All that happened so far was read. `recovered` events came late, after the last drop. */
  | { name: "live"; recovered: number }
  | { name: "reconnecting"; tries: number; retryInMs: number }
  /** The job is over, and so is its stream. */
  | { name: "ended" }
  | { name: "refused"; error: ApiError };

export interface Surroundings {
  /** Asks the coordinator, with the proof of who asks. */
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Resolves after the time, or as soon as the signal aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
}

export interface Following {
  jobId: string;
  /** Only events with a larger sequence number. */
  after?: number;
  signal: AbortSignal;
  /** New events in order; those that came together are told together. */
  onEvents: (events: JobEvent[]) => void;
  onState: (state: StreamState) => void;
}

const TERMINAL = new Set(["completed", "failed", "cancelled"]);
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 15_000;
/** The coordinator says something every 15 seconds; a connection that is silent for longer than this is dead. */
const SILENT_MS = 40_000;
/** A stream that pauses for so long has told all that it had stored. */
const CAUGHT_UP_MS = 400;
/** A stream that never pauses tells what happens now by then. */
const CATCHING_UP_MS = 3_000;

/** Follows a job until it is over, refused, or the signal aborts. */
export async function followJob(following: Following, around: Surroundings): Promise<void> {
  const { signal, onState } = following;
  const left = (): boolean => signal.aborted;
  const reader = new Reader(following, around);
  onState({ name: "connecting" });
  for (let tries = 0; !left();) {
    try {
      if (await reader.connect()) {
        onState({ name: "ended" });
        return;
      }
    } catch (thrown) {
      if (left()) return;
      const error = asApiError(thrown);
      if (error.status >= 400 && error.status < 500 && !error.isPassing) {
        onState({ name: "refused", error });
        return;
      }
    }
    tries = reader.gotSomething ? 1 : tries + 1;
    const longest = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (tries - 1));
    const retryInMs = longest * (0.5 + around.random() / 2); // Jitter: all readers lost the same coordinator at once.
    if (left()) return;
    onState({ name: "reconnecting", tries, retryInMs });
    await around.sleep(retryInMs, signal);
  }
}

/** One job's stream over any number of connections. */
class Reader {
  /** Whether the last connection brought anything. */
  gotSomething = false;
  private seen: number;
  private connections = 0;
  private over = false;

  private readonly following: Following;
  private readonly around: Surroundings;

  constructor(following: Following, around: Surroundings) {
    this.following = following;
    this.around = around;
    this.seen = following.after ?? 0;
  }

  /** Reads one connection to its end. Returns whether the job is over. Throws what broke it. */
  async connect(): Promise<boolean> {
    const { jobId, signal, onEvents } = this.following;
    this.gotSomething = false;
    const cut = new AbortController();
    const until = AbortSignal.any([signal, cut.signal]);
    const url = `/api/jobs/${encodeURIComponent(jobId)}/events?after=${this.seen}`;
    const response = await this.around.fetch(url, { signal: until, cache: "no-store" });
    if (!response.ok || response.body === null) throw await errorIn(response);
    const progress = this.progress();
    const silence = new Timer(SILENT_MS, () => cut.abort());
    const batch: JobEvent[] = [];
    const parser = createParser({ onEvent: ({ data }) => this.take(data, batch) });
    try {
      for await (const text of decoded(response.body)) {
        this.gotSomething = true;
        silence.restart();
        parser.feed(text);
        const events = batch.splice(0);
        if (events.length > 0) onEvents(events);
        progress.read(events.length);
      }
    } finally {
      silence.stop();
      progress.stop();
    }
    return this.over;
  }

  private take(data: string, batch: JobEvent[]): void {
    const event = JSON.parse(data) as JobEvent;
    if (event.seq <= this.seen) return;
    this.seen = event.seq;
    this.over ||= event.kind === "status" && TERMINAL.has(String(event.data["status"]));
    batch.push(event);
  }

  /** Tells when this connection has read what was stored, and how much of it came late. */
  private progress(): { read: (count: number) => void; stop: () => void } {
    const { onState } = this.following;
    const isFirst = this.connections++ === 0;
    let late = 0;
    let caughtUp = false;
    const live = (): void => {
      caughtUp = true;
      stop();
      onState({ name: "live", recovered: isFirst ? 0 : late });
    };
    const timers = [new Timer(CAUGHT_UP_MS, live), new Timer(CATCHING_UP_MS, live)] as const;
    const stop = (): void => timers.forEach((timer) => timer.stop());
    onState({ name: "catching-up" });
    return {
      read: (count) => {
        if (caughtUp) return;
        late += count;
        timers[0].restart();
      },
      stop,
    };
  }
}

class Timer {
  private readonly ms: number;
  private readonly ring: () => void;
  private handle: ReturnType<typeof setTimeout>;

  constructor(ms: number, ring: () => void) {
    this.ms = ms;
    this.ring = ring;
    this.handle = setTimeout(ring, ms);
  }

  restart(): void {
    this.stop();
    this.handle = setTimeout(this.ring, this.ms);
  }

  stop(): void {
    clearTimeout(this.handle);
  }
}

async function* decoded(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
