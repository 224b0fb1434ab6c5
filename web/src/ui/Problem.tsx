/** An error: what happened, and what to do about it. */
import { CircleAlert } from "lucide-react";
import { type ApiError, asApiError } from "@/api/errors";
import { Button } from "./Button";
import styles from "./Problem.module.css";
import { duration } from "./text";

interface Props {
  error: unknown;
  /** Offers to try again, such as `() => query.refetch()`. */
  onRetry?: () => unknown;
  retrying?: boolean;
}

export function Problem({ error, onRetry, retrying = false }: Props) {
  const known = asApiError(error);
  const advice = adviceFor(known);
  return (
    <div className={styles.problem} role="alert">
      <CircleAlert className={styles.icon} aria-hidden />
      <div className={styles.text}>
        <p className={styles.title}>{known.message}</p>
        {advice && <p>{advice}</p>}
        {known.fields.length > 0 && (
          <ul className={styles.fields}>
            {known.fields.map(({ path, expected }) => (
              <li key={path}>
                <code>{path || "body"}</code>: {expected}
              </li>
            ))}
          </ul>
        )}
      </div>
      {onRetry && (
        <Button size="small" busy={retrying} onClick={() => void onRetry()}>
          Try again
        </Button>
      )}
    </div>
  );
}

const ADVICE: Record<string, string> = {
  unreachable: "See that the coordinator runs and that you are online; what is shown may be old.",
  unavailable: "The coordinator is busy or restarts. Try again in a moment.",
  unready: "The coordinator is busy or restarts. Try again in a moment.",
  not_authenticated: "Connect your wallet and sign in.",
  unauthorized: "This belongs to another wallet: sign in with that one.",
  insufficient_balance: "Deposit HYPER on the Wallet page, or lower the budget.",
  not_found: "See that the address is whole, or go back to the list.",
  stale_lease: "Another attempt has taken over; load the page again to see it.",
  internal_error: "This is our fault. Try again; if it stays, report it with the time it happened.",
};

function adviceFor(error: ApiError): string | undefined {
  if (error.code === "too_many_requests") return `Try again in ${duration(error.retryAfter ?? 60)}.`;
  return ADVICE[error.code];
}
