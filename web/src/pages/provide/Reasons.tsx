/** Why jobs come to a node, or why they do not. */
import { CircleCheck, CircleMinus, CircleX, Info } from "lucide-react";
import type { Reason } from "./reasons";
import styles from "./Reasons.module.css";

const SHOWN = {
  stops: ["No jobs:", CircleX],
  limits: ["Fewer jobs:", CircleMinus],
  tells: ["Besides:", Info],
  helps: ["In favour:", CircleCheck],
} as const;

export function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  return (
    <ul className={styles.reasons}>
      {reasons.map(({ weight, text }) => {
        const [meaning, Icon] = SHOWN[weight];
        return (
          <li key={text} className={styles.reason}>
            <Icon className={styles[weight]} aria-hidden />
            <span>
              <span className="visually-hidden">{meaning} </span>
              {text}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
