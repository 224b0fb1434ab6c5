/** What was expected, and what was found instead. */
import styles from "./Differs.module.css";

interface Props {
  of: string;
  expected: string;
  found: string;
}

export function Differs({ of, expected, found }: Props) {
  return (
    <dl className={styles.differs} aria-label={of}>
      <div>
        <dt>Expected</dt>
        <dd className={styles.expected}>{expected}</dd>
      </div>
      <div>
        <dt>Found</dt>
        <dd className={styles.found}>{found}</dd>
      </div>
    </dl>
  );
}
