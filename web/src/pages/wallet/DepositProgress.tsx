/** How far a deposit is, step by step. */
import { Check, X } from "lucide-react";
import { Address } from "@/ui/Address";
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Problem } from "@/ui/Problem";
import { classes } from "@/ui/text";
import { type Deposit, deposits, type Stage } from "./depositStore";
import styles from "./DepositProgress.module.css";

const STEPS: readonly (readonly [Stage[], string])[] = [
  [["preparing"], "Prepared"],
  [["signing"], "Signed in your wallet"],
  [["sending"], "Sent to the chain"],
  [["sent", "confirmed"], "Final on the chain"],
  [["final"], "In your balance"],
];
const DOING: Record<Stage, string> = {
  preparing: "Preparing…",
  signing: "Sign the transfer in your wallet…",
  sending: "Sending it…",
  sent: "The chain works on it…",
  confirmed: "Confirmed; final in some seconds…",
  final: "The network credits it…",
  credited: "Your balance has it.",
};

export function DepositProgress({ deposit }: { deposit: Deposit }) {
  const { stage, error, signed, units, address } = deposit;
  const found = STEPS.findIndex(([stages]) => stages.includes(stage));
  const at = found < 0 ? STEPS.length : found;
  const failed = error !== null;
  return (
    <div className={styles.progress}>
      <p className={styles.head}>
        <Amount value={units} />
        <span className="muted small" role="status">
          {failed ? "Stopped" : DOING[stage]}
        </span>
      </p>
      <ol className={styles.steps}>
        {STEPS.map(([, name], index) => {
          const state = index < at ? "done" : index > at ? "todo" : failed ? "failed" : "doing";
          return (
            <li
              key={name}
              className={classes(styles.step, styles[state])}
              aria-current={index === at && "step"}
            >
              <span className={styles.mark} aria-hidden>
                {state === "done" && <Check />}
                {state === "failed" && <X />}
              </span>
              {name}
            </li>
          );
        })}
      </ol>
      <p className={styles.chain}>
        <span className="muted">Chain transaction</span>
        {signed ? <Address value={signed.signature} kind="tx" /> : <span className="muted">not yet</span>}
      </p>
      {failed && <Problem error={error} />}
      {failed && signed && (
        <Button variant="primary" onClick={() => deposits.resume(address)}>
          Look again
        </Button>
      )}
      {(failed || stage === "credited") && (
        <Button onClick={deposits.forget}>{failed ? "Back to the form" : "Another deposit"}</Button>
      )}
    </div>
  );
}
