/** One figure with its name. */
import type { ReactNode } from "react";
import { Skeleton } from "./Skeleton";
import styles from "./Stat.module.css";

interface Props {
  label: string;
  /** Undefined while loading. */
  value: ReactNode | undefined;
  /** More about it, such as `+12 in 24 h`. */
  note?: ReactNode;
}

export function Stat({ label, value, note }: Props) {
  return (
    <div className={styles.stat}>
      <p className={styles.label}>{label}</p>
      <p className={styles.value}>{value ?? <Skeleton width="4ch" />}</p>
      {note !== undefined && <p className={styles.note}>{note}</p>}
    </div>
  );
}

/** Figures side by side, as many as fit. */
export function Stats({ children }: { children: ReactNode }) {
  return <div className={styles.stats}>{children}</div>;
}
