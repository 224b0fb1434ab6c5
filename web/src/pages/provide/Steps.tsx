/** How one becomes a provider. */
import { formatHyper } from "@/ui/money";
import { count } from "@/ui/text";
import type { Market } from "./reasons";
import styles from "./Steps.module.css";

export function Steps({ market }: { market: Market | null | undefined }) {
  const asked = market
    ? `The median of ${count(market.nodes, "online node")} is ${formatHyper(market.medianPrice)} HYPER an hour.`
    : "";
  const steps = [
    ["Register the machine", `Give it a name, and a price in HYPER an hour. ${asked}`],
    [
      "Start it with one command",
      "It measures its hardware, tries its sandbox on itself, and takes jobs. Your wallet's key stays in your wallet: the machine gets a token of its own.",
    ],
    [
      "Be paid by job",
      "Your part of each job is sent to your wallet by itself, and each payment is a chain transaction that you can look up.",
    ],
  ] as const;
  return (
    <ol className={styles.steps}>
      {steps.map(([title, text], index) => (
        <li key={title} className={styles.step}>
          <span className={styles.number} aria-hidden>
            {index + 1}
          </span>
          <h2 className={styles.title}>{title}</h2>
          <p className="muted">{text}</p>
        </li>
      ))}
    </ol>
  );
}
