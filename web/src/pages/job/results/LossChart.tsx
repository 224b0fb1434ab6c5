/** The loss over the steps. */
import { AxisBottom, AxisLeft } from "@visx/axis";
import { scaleLinear } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { useWidth } from "@/ui/useWidth";
import type { LossPoint } from "../story";
import { CHART_HEIGHT } from "./chart";
import styles from "./results.module.css";

const MARGIN = { top: 8, right: 12, bottom: 28, left: 44 };
const TICK_PX = 90;

interface Point {
  step: number;
  value: number;
}

export default function LossChart({ curve }: { curve: readonly LossPoint[] }) {
  const [parent, width] = useWidth<HTMLDivElement>();
  return (
    <div ref={parent} style={{ height: CHART_HEIGHT }}>
      {width > 0 && <Plot curve={curve} width={width} />}
    </div>
  );
}

function Plot({ curve, width }: { curve: readonly LossPoint[]; width: number }) {
  const trained = pointsOf(curve, ({ loss }) => loss);
  const evaluated = pointsOf(curve, ({ evalLoss }) => evalLoss);
  const all = [...trained, ...evaluated];
  const x = scaleLinear({
    domain: [0, Math.max(1, ...all.map(({ step }) => step))],
    range: [MARGIN.left, Math.max(MARGIN.left, width - MARGIN.right)],
  });
  const y = scaleLinear({
    domain: [0, Math.max(...all.map(({ value }) => value), Number.EPSILON)],
    range: [CHART_HEIGHT - MARGIN.bottom, MARGIN.top],
    nice: true,
  });
  const place = { x: ({ step }: Point) => x(step), y: ({ value }: Point) => y(value) };
  const first = trained[0]?.value;
  const last = trained.at(-1)?.value;
  return (
    <svg
      width={width}
      height={CHART_HEIGHT}
      role="img"
      aria-label={`The loss went from ${first?.toPrecision(3)} to ${last?.toPrecision(3)}`}
    >
      <LinePath data={trained} {...place} className={styles.line ?? ""} />
      <LinePath data={evaluated} {...place} className={styles.second ?? ""} />
      {evaluated.map((point) => (
        <circle key={point.step} cx={place.x(point)} cy={place.y(point)} r={3} className={styles.point} />
      ))}
      <g className={styles.axis}>
        <AxisBottom
          scale={x}
          top={CHART_HEIGHT - MARGIN.bottom}
          numTicks={Math.max(2, Math.floor(width / TICK_PX))}
        />
        <AxisLeft scale={y} left={MARGIN.left} numTicks={5} />
      </g>
    </svg>
  );
}

function pointsOf(
  curve: readonly LossPoint[],
  value: (point: LossPoint) => number | null | undefined,
): Point[] {
  return curve.flatMap((point) => {
    const found = value(point);
    return found == null ? [] : [{ step: point.step, value: found }];
  });
}
