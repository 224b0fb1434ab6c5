/** The network in six figures, with what the last day and week brought. */
import type { ReactNode } from "react";
import { queries } from "@/api/client";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { Stat, Stats } from "@/ui/Stat";
import { compact, number } from "@/ui/text";
import { FRESH_MS } from "./fresh";

export function Figures() {
  const { data, error, refetch, isFetching } = queries.useQuery(
    "get",
    "/api/metrics",
    {},
    { refetchInterval: FRESH_MS },
  );
  if (error && !data) return <Problem error={error} onRetry={refetch} retrying={isFetching} />;
  const network = data?.metrics.network;
  const { last24h: day, last7d: week } = data?.metrics.recentActivity ?? {};
  return (
    <Stats>
      <Stat
        label="Active nodes"
        value={network && number(network.activeNodes)}
        note={shown(network && `of ${number(network.totalNodes)} in all`)}
      />
      <Stat
        label="New nodes, 24 h"
        value={day && number(day.nodesRegistered)}
        note={shown(week && `${number(week.nodesRegistered)} in 7 d`)}
      />
      <Stat
        label="Jobs completed"
        value={network && number(network.completedJobs)}
        note={shown(network && `of ${number(network.totalJobs)} submitted`)}
      />
      <Stat
        label="Jobs, 24 h"
        value={day && number(day.jobs)}
        note={shown(week && `${number(week.jobs)} in 7 d`)}
      />
      <Stat
        label="HYPER paid"
        value={network && number(network.totalHyperPaid)}
        note={shown(day && week && `${compact(day.hyperPaid)} in 24 h, ${compact(week.hyperPaid)} in 7 d`)}
      />
      <Stat
        label="HYPER locked"
        value={network && number(network.totalValueLocked)}
        note="for jobs under way"
      />
    </Stats>
  );
}

function shown(note: string | undefined): ReactNode {
  return note ?? <Skeleton width="13ch" />;
}
