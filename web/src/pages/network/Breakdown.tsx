/** The nodes by GPU and by region. */
import { queries } from "@/api/client";
import { Card } from "@/ui/Card";
import { Grid } from "@/ui/Page";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { count, number } from "@/ui/text";
import styles from "./Breakdown.module.css";
import { FRESH_MS } from "./fresh";

const MOST = 5;
const SKELETONS = [0, 1, 2];
const MB_PER_GB = 1024;

export function Breakdown() {
  const { data, error, refetch, isFetching } = queries.useQuery(
    "get",
    "/api/metrics/nodes",
    {},
    { refetchInterval: FRESH_MS },
  );
  if (error && !data) return <Problem error={error} onRetry={refetch} retrying={isFetching} />;
  const nodes = data?.metrics;
  const memory = nodes && `${number(Math.round(nodes.totalVRAM / MB_PER_GB))} GB of memory in all`;
  return (
    <Grid min="22rem">
      <Card title="Nodes by GPU" aside={<span className="muted small">{memory}</span>}>
        <Shares of={nodes?.byGPU} nothing="No node is registered yet." />
      </Card>
      <Card
        title="Nodes by region"
        aside={
          <span className="muted small">{nodes && `up ${number(nodes.averageUptime)} % of the time`}</span>
        }
      >
        <Shares of={nodes?.byLocation} nothing="No node is registered yet." />
      </Card>
    </Grid>
  );
}

function Shares({ of, nothing }: { of: Record<string, number> | undefined; nothing: string }) {
  const all = Object.entries(of ?? {}).sort(([, one], [, other]) => other - one);
  const shown = all.slice(0, MOST);
  const rest = all.slice(MOST);
  const most = Math.max(1, ...shown.map(([, amount]) => amount));
  return (
    <div className={styles.frame}>
      {of && all.length === 0 && <p className="muted">{nothing}</p>}
      <ul className={styles.shares} aria-busy={of === undefined}>
        {of === undefined &&
          SKELETONS.map((key) => (
            <li key={key} className={styles.share}>
              <Skeleton width="9rem" />
            </li>
          ))}
        {shown.map(([name, amount]) => (
          <li key={name} className={styles.share}>
            <span className={styles.name}>{name}</span>
            <span>{number(amount)}</span>
            <span className={styles.bar} aria-hidden>
              <span style={{ width: `${(100 * amount) / most}%` }} />
            </span>
          </li>
        ))}
      </ul>
      {rest.length > 0 && (
        <p className="muted small">
          and{" "}
          {count(
            rest.reduce((sum, [, amount]) => sum + amount, 0),
            "node",
          )}{" "}
          of {rest.length} others
        </p>
      )}
    </div>
  );
}
