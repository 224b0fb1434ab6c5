/** How a model learned: its loss, step by step. */
import { lazy, Suspense } from "react";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";
import { Stat, Stats } from "@/ui/Stat";
import { number } from "@/ui/text";
import type { LossPoint } from "../story";
import { CHART_HEIGHT } from "./chart";
import styles from "./results.module.css";
import type { Training } from "./shapes";

const LossChart = lazy(() => import("./LossChart"));

export function TrainingResult({ training }: { training: Training }) {
  const { steps, examples, trainedTokens, trainLoss, evalLossBefore, evalLossAfter, curve } = training;
  return (
    <>
      <Stats>
        <Stat label="Steps" value={number(steps)} note={`${number(examples)} examples`} />
        <Stat label="Tokens learned from" value={number(trainedTokens)} />
        <Stat label="Loss at the end" value={trainLoss.toPrecision(3)} />
        {evalLossBefore !== null && evalLossAfter !== null && (
          <Stat
            label="Loss on what was set aside"
            value={evalLossAfter.toPrecision(3)}
            note={`${evalLossBefore.toPrecision(3)} before`}
          />
        )}
      </Stats>
      <Curve curve={curve} />
    </>
  );
}

/** Before there is a result. */
export function LiveTraining({ curve }: { curve: readonly LossPoint[] }) {
  return <Curve curve={curve} />;
}

function Curve({ curve }: { curve: readonly LossPoint[] }) {
  return (
    <Card title="Loss" aside={<Legend curve={curve} />}>
      <Suspense fallback={<Skeleton width="100%" height={CHART_HEIGHT} />}>
        <LossChart curve={curve} />
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
