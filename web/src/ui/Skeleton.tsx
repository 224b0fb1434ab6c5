/** Holds the place of what is still loading. Give it the size of what comes: nothing must move then. */
import styles from "./Skeleton.module.css";

export function Skeleton({
  width = "70%",
  height = "1em",
}: {
  width?: string | number;
  height?: string | number;
}) {
  return <span className={styles.skeleton} style={{ width, height }} aria-hidden />;
}
