/** How a model learned: its loss, step by step. */
import { lazy, Suspense } from "react";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";
import { Stat, Stats } from "@/ui/Stat";
import { count, number } from "@/ui/text";
import type { LossPoint } from "../story";
import { CHART_HEIGHT } from "./chart";
import styles from "./results.module.css";
import type { Training } from "./shapes";

const LossChart = lazy(() => import("./LossChart"));

interface Props {
  curve: readonly LossPoint[];
  /** Once it is over. */
  training?: Training;
}

export function TrainingResult({ curve, training }: Props) {
  const now = curve.at(-1);
  return (
    <>
      <Stats>
        <Stat
          label="Steps"
          value={number(training?.steps ?? now?.step ?? 0)}
          note={training ? count(training.examples, "example") : "\u00a0"}
        />
        <Stat label="Tokens learned from" value={training && number(training.trainedTokens)} />
        <Stat
          label={training ? "Loss at the end" : "Loss now"}
          value={(training?.trainLoss ?? now?.loss)?.toPrecision(3)}
        />
        {training?.evalLossBefore != null && training.evalLossAfter !== null && (
          <Stat
            label="Loss on what was set aside"
            value={training.evalLossAfter.toPrecision(3)}
            note={`${training.evalLossBefore.toPrecision(3)} before`}
          />
        )}
      </Stats>
      <Curve curve={curve} />
    </>
  );
}

function Curve({ curve }: { curve: readonly LossPoint[] }) {
  return (
    <Card title="Loss" aside={<Legend curve={curve} />}>
      <Suspense fallback={<Skeleton width="100%" height={CHART_HEIGHT} />}>
        {curve.length > 1 ? <LossChart curve={curve} /> : <Skeleton width="100%" height={CHART_HEIGHT} />}
      </Suspense>
    </Card>
  );
}

function Legend({ curve }: { curve: readonly LossPoint[] }) {
  if (!curve.some(({ evalLoss }) => evalLoss != null)) return null;
  return (
    <p className={styles.legend}>
      <span className={styles.trained}>training</span> <span className={styles.evaluated}>set aside</span>
    </p>
  );
}
