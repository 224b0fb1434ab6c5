/** A surface with a heading: the building block of pages. */
import type { ReactNode } from "react";
import styles from "./Card.module.css";
import { classes } from "./text";

interface Props {
  title?: ReactNode;
  /** What stands beside the heading: a link, a select. */
  aside?: ReactNode;
  /** Without padding, for a table. */
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

export function Card({ title, aside, flush = false, className, children }: Props) {
  return (
    <section className={classes(styles.card, className)}>
      {(title !== undefined || aside !== undefined) && (
        <header className={styles.header}>
          <h2 className={styles.title}>{title}</h2>
          {aside}
        </header>
      )}
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}
