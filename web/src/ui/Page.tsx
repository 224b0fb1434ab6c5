/** The frame of every page: its title (the browser's too), what it is for, its content. */
import type { ReactNode } from "react";
import styles from "./Page.module.css";

interface Props {
  title: string;
  /** One sentence. */
  lead?: ReactNode;
  /** What stands beside the title, such as a button. */
  aside?: ReactNode;
  children?: ReactNode;
}

export function Page({ title, lead, aside, children }: Props) {
  return (
    <>
      <title>{`${title} · Hypernode`}</title>
      <header className={styles.header}>
        <div>
          <h1>{title}</h1>
          {lead && <p className={styles.lead}>{lead}</p>}
        </div>
        {aside}
      </header>
      <div className={styles.content}>{children}</div>
    </>
  );
}

/** Cards side by side where there is room: as many columns of at least `min` as fit. */
export function Grid({ min = "20rem", children }: { min?: string; children: ReactNode }) {
  return (
    <div
      className={styles.grid}
      style={{ gridTemplateColumns: `repeat(auto-fit, minmax(min(${min}, 100%), 1fr))` }}
    >
      {children}
    </div>
  );
}
