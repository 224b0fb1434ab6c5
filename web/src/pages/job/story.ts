/** What a job's events tell, put together: the answer so far, its progress, its logs, and what happened when. */
import type { JobEvent } from "@/api/events";

export interface Moment {
  seq: number;
  /** ISO 8601. */
  at: string;
  title: string;
  tone: "good" | "busy" | "warn" | "bad" | "quiet";
  /** The chain transaction that did it. */
  transaction?: string;
  /** HYPER that moved. */
  amount?: number;
  /** Another job that it is about. */
  jobId?: string;
  /** How many it stands for. */
  checkpoints?: number;
}

export interface Progress {
  /** From 0 to 1. */
  fraction: number;
  message: string;
}

export interface LossPoint {
  step: number;
  loss: number | null;
  evalLoss?: number | null | undefined;
}

export interface Story {
  /** What the attempt that runs, or ran last, has streamed. */
  text: string;
  progress: Progress | undefined;
  /** Of a model that learns. */
  losses: LossPoint[];
  lines: string[];
  moments: Moment[];
  attempts: number;
}

const STATES: Record<string, Pick<Moment, "title" | "tone">> = {
  pending: { title: "Waits for its funds", tone: "warn" },
  queued: { title: "Waits for a node", tone: "warn" },
  running: { title: "Runs on a node", tone: "busy" },
  completed: { title: "Completed", tone: "good" },
  failed: { title: "Failed", tone: "bad" },
  cancelled: { title: "Cancelled", tone: "quiet" },
};
const LOSS = /^step (\d+) of \d+, loss ([\d.]+)$/;
/** More lines than this are of no use on a page; the job's own logs are cut too. */
const MOST_LINES = 2_000;

export function tell(events: readonly JobEvent[]): Story {
  const story: Story = { text: "", progress: undefined, losses: [], lines: [], moments: [], attempts: 0 };
  for (const event of events) add(story, event);
  story.lines = story.lines.slice(-MOST_LINES);
  return story;
}

function add(story: Story, { kind, data, seq, at }: JobEvent): void {
  switch (kind) {
    case "stream":
      story.text += text(data["text"]);
      break;
    case "progress": {
      const message = text(data["message"]);
      story.progress = { fraction: Number(data["fraction"]), message };
      const [, step, loss] = LOSS.exec(message) ?? [];
      if (step !== undefined) story.losses.push({ step: Number(step), loss: Number(loss) });
      break;
    }
    case "log":
      if (Array.isArray(data["lines"])) story.lines.push(...data["lines"].map(text));
      break;
    case "status": {
      const status = text(data["status"]);
      if (status === "running") startAttempt(story);
      const again = status === "running" && story.attempts > 1 ? `, attempt ${story.attempts}` : "";
      const { title, tone } = STATES[status] ?? { title: status, tone: "quiet" };
      story.moments.push({ seq, at, title: title + again, tone });
      break;
    }
    case "checkpoint":
      storeCheckpoint(story, { seq, at });
      break;
    case "verification":
      story.moments.push({
        ...{ seq, at, title: "Checked by another node", tone: "busy" },
        ...(typeof data["auditJobId"] === "string" && { jobId: data["auditJobId"] }),
      });
      break;
    case "payout":
      story.moments.push({
        ...{ seq, at, title: "Provider paid", tone: "good" },
        ...transactionIn(data),
        ...(typeof data["amount"] === "number" && { amount: data["amount"] }),
      });
      break;
    case "receipt":
      story.moments.push({ ...{ seq, at, title: "Receipt anchored", tone: "good" }, ...transactionIn(data) });
  }
}

/** Those in a row are told together. */
function storeCheckpoint({ moments }: Story, when: Pick<Moment, "seq" | "at">): void {
  const before = moments.at(-1);
  const stored = (before?.checkpoints ?? 0) + 1;
  if (stored > 1) moments.pop();
  const title = stored === 1 ? "Checkpoint stored" : `${stored} checkpoints stored`;
  moments.push({ ...when, title, tone: "quiet", checkpoints: stored });
}

/** What an earlier attempt streamed is no part of this one's result. */
function startAttempt(story: Story): void {
  story.attempts += 1;
  story.text = "";
  story.progress = undefined;
  story.losses = [];
}

function transactionIn(data: JobEvent["data"]): Pick<Moment, "transaction"> {
  return typeof data["transaction"] === "string" ? { transaction: data["transaction"] } : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
