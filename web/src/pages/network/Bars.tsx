/** One measure over time, as bars. */
import { AxisBottom, AxisLeft } from "@visx/axis";
import { scaleBand, scaleLinear } from "@visx/scale";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { classes, compact, number } from "@/ui/text";
import { useWidth } from "@/ui/useWidth";
import styles from "./Bars.module.css";
import { CHART_HEIGHT, type Measure, rounded, spanName, summary, tickName, ticks } from "./history";

const MARGIN = { top: 10, right: 4, bottom: 22, left: 34 };
const TICK_WIDTH = 68;
const LEAST_BAR = 2;

export default function Bars({ history, measure }: { history: Schemas["History"]; measure: Measure }) {
  const [parent, width] = useWidth<HTMLDivElement>();
  return (
    <div ref={parent} className={styles.parent}>
      {width > 0 && <Plot history={history} measure={measure} width={width} />}
    </div>
  );
}

function Plot({ history, measure, width }: { history: Schemas["History"]; measure: Measure; width: number }) {
  const [seen, setSeen] = useState<number | null>(null);
  const { points, window } = history;
  const values = points.map((point) => rounded(point[measure.field]));
  const bottom = CHART_HEIGHT - MARGIN.bottom;
  const x = scaleBand({
    domain: points.map(({ time }) => time),
    range: [MARGIN.left, width - MARGIN.right],
    padding: 0.25,
  });
  const y = scaleLinear({ domain: [0, Math.max(1, ...values)], range: [bottom, MARGIN.top], nice: 2 });
  const levels = y.ticks(2);
  const named = ticks(points.length, Math.floor(width / TICK_WIDTH)).flatMap(
    (index) => points[index]?.time ?? [],
  );
  const last = points.at(-1)?.time;
  const text = { className: classes(styles.tick) };
  return (
    <>
      <svg width={width} height={CHART_HEIGHT} role="img" aria-label={summary(history, measure)}>
        {levels.map((level) => (
          <line
            key={level}
            className={styles.level}
            x1={MARGIN.left}
            x2={width - MARGIN.right}
            y1={y(level)}
            y2={y(level)}
          />
        ))}
        {points.map(({ time }, index) => {
          const value = values[index] ?? 0;
          const height = value > 0 ? Math.max(LEAST_BAR, bottom - y(value)) : 0;
          const left = x(time) ?? 0;
          return (
            <g
              key={time}
              className={classes(styles.bucket, index === points.length - 1 && styles.open)}
              onPointerEnter={() => setSeen(index)}
              onPointerLeave={() => setSeen(null)}
            >
              <rect className={styles.reach} x={left} y={0} width={x.step()} height={bottom} />
              <rect
                className={styles.bar}
                x={left}
                y={bottom - height}
                width={x.bandwidth()}
                height={height}
                rx={2}
              />
            </g>
          );
        })}
        <AxisLeft
          scale={y}
          left={MARGIN.left}
          tickValues={levels}
          tickFormat={(value) => compact(Number(value))}
          tickLabelProps={{ ...text, dx: -4, dy: 3.5, textAnchor: "end" }}
          hideAxisLine
          hideTicks
          tickLength={0}
        />
        <AxisBottom
          scale={x}
          top={bottom}
          tickValues={named}
          tickFormat={(time) => tickName(time, window)}
          tickLabelProps={(time) => ({
            ...text,
            dy: 5,
            textAnchor: time === last ? "end" : "middle",
            dx: time === last ? x.bandwidth() / 2 : 0,
          })}
          axisLineClassName={classes(styles.level)}
          hideTicks
          tickLength={0}
        />
      </svg>
      <Readout history={history} values={values} seen={seen} />
    </>
  );
}

function Readout({
  history,
  values,
  seen,
}: {
  history: Schemas["History"];
  values: number[];
  seen: number | null;
}) {
  const point = seen === null ? undefined : history.points[seen];
  if (seen === null || point === undefined) return null;
  const isOpen = seen === history.points.length - 1;
  return (
    <p className={styles.readout} aria-hidden>
      {number(values[seen] ?? 0)}{" "}
      <span className="muted">
        from {spanName(point.time, history.window)}
        {isOpen && ", so far"}
      </span>
    </p>
  );
}
