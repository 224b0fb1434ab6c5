/** The checks one by one, and what they come to. */
import { Check as Holds, Minus, RotateCw, X } from "lucide-react";
import type { Check, CheckName } from "@/receipts/verify";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";
import { classes, count } from "@/ui/text";
import styles from "./Checks.module.css";
import { Differs } from "./Differs";

/** In the order of `hypernode receipt verify`. */
const CHECKS: readonly (readonly [name: CheckName, proves: string])[] = [
  ["signer", "The network's own key signed it."],
  ["signature", "Not a character of it was changed since."],
  ["cost", "What the provider and the network got adds up to the cost."],
  ["inclusion", "It is a leaf of the batch's Merkle tree."],
  ["anchor", "A finalized chain transaction by that key holds the tree's root."],
];

const ICONS = { ok: Holds, failed: X, "not checked": Minus };

interface Props {
  /** Undefined: there is no receipt. One of them undefined: it is still being checked. */
  checks: readonly (Check | undefined)[] | undefined;
  /** What was given is no receipt. */
  isUnreadable: boolean;
  /** Asks the chain again. */
  onAgain: () => unknown;
  asking: boolean;
}

export function Checks({ checks, isUnreadable, onAgain, asking }: Props) {
  return (
    <Card
      title="Checks"
      aside={
        <Button
          size="small"
          icon={<RotateCw />}
          busy={asking}
          disabled={checks === undefined}
          onClick={() => void onAgain()}
        >
          Check again
        </Button>
      }
    >
      <Summary {...(isUnreadable ? UNREADABLE : summary(checks))} />
      <ol className={styles.checks}>
        {CHECKS.map(([name, proves], index) => (
          <Row
            key={name}
            name={name}
            proves={proves}
            check={checks?.[index]}
            waiting={checks !== undefined}
          />
        ))}
      </ol>
    </Card>
  );
}

function Row({
  name,
  proves,
  check,
  waiting,
}: {
  name: CheckName;
  proves: string;
  check: Check | undefined;
  waiting: boolean;
}) {
  const verdict = check?.verdict ?? "not checked";
  const Icon = ICONS[verdict];
  return (
    <li className={styles.check} data-verdict={verdict} data-check={name}>
      <span className={styles.icon} aria-hidden>
        {check || !waiting ? <Icon /> : <span className={styles.spinner} />}
      </span>
      <div className={styles.text}>
        <h3 className={styles.name}>
          <span className={styles.word}>{name}</span>
          {check && <span className={styles.verdict}>{verdict}</span>}
        </h3>
        <p className="muted">{proves}</p>
        {check && <p className={styles.detail}>{check.detail}</p>}
        {!check && waiting && <Skeleton width="80%" />}
        {check?.advice !== undefined && <p className={styles.advice}>{check.advice}</p>}
        {check?.difference && <Differs {...check.difference} />}
      </div>
    </li>
  );
}

interface Outcome {
  tone: "quiet" | "good" | "warn" | "bad";
  title: string;
  text: string;
}

const UNREADABLE: Outcome = {
  tone: "warn",
  title: "This is no receipt",
  text: "It cannot be read, so there is nothing to check.",
};

function Summary({ tone, title, text }: Outcome) {
  return (
    <div className={classes(styles.summary, styles[tone])} role="status" data-outcome={tone}>
      <p className={styles.title}>{title}</p>
      <p>{text}</p>
    </div>
  );
}

function summary(checks: Props["checks"]): Outcome {
  if (checks === undefined) {
    return { tone: "quiet", title: "No receipt yet", text: "Paste one, and it is checked at once." };
  }
  const amount = (verdict: Check["verdict"]): number =>
    checks.filter((check) => check?.verdict === verdict).length;
  const failed = amount("failed");
  if (failed > 0) {
    return {
      tone: "bad",
      title: "This receipt is not what it claims to be",
      text: `${count(failed, "check")} of ${checks.length} failed.`,
    };
  }
  if (checks.includes(undefined)) {
    return { tone: "quiet", title: "Asking the chain", text: "What the file alone can prove holds." };
  }
  const open = amount("not checked");
  return open === 0
    ? { tone: "good", title: "This receipt is genuine", text: "Everything was checked, and holds." }
    : {
        tone: "warn",
        title: "Nothing wrong was found",
        text: `What was checked holds; ${open} of ${checks.length} could not be checked.`,
      };
}
