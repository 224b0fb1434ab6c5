/** How far a job is. */
import { Progress } from "@base-ui/react/progress";
import type { Progress as Reached } from "./story";
import styles from "./job.module.css";

const WHOLE = 100;

export function ProgressBar({ progress }: { progress: Reached | undefined }) {
  return (
    <Progress.Root value={progress ? progress.fraction * WHOLE : null} className={styles.progress}>
      <div className={styles.reached}>
        <Progress.Label>{progress?.message || "Running"}</Progress.Label>
        <span className="muted">{progress && `${Math.floor(progress.fraction * WHOLE)} %`}</span>
      </div>
      <Progress.Track className={styles.track}>
        <Progress.Indicator className={styles.indicator} />
      </Progress.Track>
    </Progress.Root>
  );
}
