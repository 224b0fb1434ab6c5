/** The state of a job, a node, a payout or a check. */
import styles from "./Status.module.css";
import { classes, words } from "./text";

export type Tone = "good" | "busy" | "warn" | "bad" | "quiet";

const TONES: Record<string, Tone> = {
  // jobs
  pending: "warn", queued: "warn", running: "busy", completed: "good", failed: "bad", cancelled: "quiet",
  // nodes
  online: "good", busy: "busy", draining: "warn", offline: "quiet", suspended: "bad", deregistered: "quiet",
  // verdicts
  passed: "good", unverified: "quiet",
  // payouts
  due: "warn", signed: "busy", sent: "busy", finalized: "good",
}; // prettier-ignore

/** `of` is a name as the API has it; another text may be shown for it. */
export function Status({ of, tone, children }: { of: string; tone?: Tone; children?: string }) {
  return (
    <span className={classes(styles.status, styles[tone ?? TONES[of] ?? "quiet"])}>
      {children ?? words(of)}
    </span>
  );
}
