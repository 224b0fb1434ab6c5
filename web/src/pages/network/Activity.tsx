/** The network over time: four charts, and the same numbers as a table. */
import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import { lazy, Suspense, useState } from "react";
import { queries, type Schemas } from "@/api/client";
import { Card } from "@/ui/Card";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import { number } from "@/ui/text";
import styles from "./Activity.module.css";
import { CHART_HEIGHT, MEASURES, type Measure, rounded, spanName, WINDOWS, type WindowName } from "./history";
import { FRESH_MS } from "./fresh";

const Bars = lazy(() => import("./Bars"));

export function Activity() {
  const [window, setWindow] = useState<WindowName>("24h");
  const { data, error, refetch, isFetching } = queries.useQuery(
    "get",
    "/api/metrics/history",
    { params: { query: { window } } },
    { refetchInterval: FRESH_MS, placeholderData: (previous) => previous },
  );
  const history = data?.history;
  return (
    <Card title="Activity" aside={<Windows value={window} onChange={setWindow} />}>
      {error && !history ? (
        <Problem error={error} onRetry={refetch} retrying={isFetching} />
      ) : (
        <>
          <div className={styles.charts} aria-busy={isFetching && !history}>
            {MEASURES.map((measure) => (
              <Chart key={measure.field} measure={measure} history={history} />
            ))}
          </div>
          <details className={styles.details}>
            <summary>The same as a table</summary>
            {history && <Numbers history={history} />}
          </details>
        </>
      )}
    </Card>
  );
}

function Windows({ value, onChange }: { value: WindowName; onChange: (window: WindowName) => void }) {
  return (
    <ToggleGroup
      className={styles.windows}
      aria-label="Time shown"
      value={[value]}
      onValueChange={([next]: WindowName[]) => next !== undefined && onChange(next)}
    >
      {WINDOWS.map(([name, label, whole]) => (
        <Toggle key={name} value={name} title={whole} className={styles.window}>
          {label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}

function Chart({ measure, history }: { measure: Measure; history: Schemas["History"] | undefined }) {
  const total = history?.points.reduce((sum, point) => sum + point[measure.field], 0);
  const skeleton = <Skeleton width="100%" height={CHART_HEIGHT} />;
  return (
    <figure className={styles.chart}>
      <figcaption className={styles.caption}>
        <span className="muted">{measure.label}</span>
        <strong className={styles.total}>
          {total === undefined ? <Skeleton width="4ch" /> : number(rounded(total))}
        </strong>
      </figcaption>
      <div className={styles.plot} style={{ height: CHART_HEIGHT }}>
        <Suspense fallback={skeleton}>
          {history ? <Bars history={history} measure={measure} /> : skeleton}
        </Suspense>
      </div>
    </figure>
  );
}

function Numbers({ history }: { history: Schemas["History"] }) {
  type Point = Schemas["HistoryPoint"];
  const columns: Column<Point>[] = [
    { name: "From", cell: (point) => spanName(point.time, history.window) },
    ...MEASURES.map(({ label, field }) => ({
      name: label,
      numeric: true,
      cell: (point: Point) => number(rounded(point[field])),
    })),
  ];
  return (
    <Table
      caption="The network over time, newest first"
      columns={columns}
      rows={history.points.toReversed()}
      rowKey={(point) => point.time}
      empty={null}
    />
  );
}
