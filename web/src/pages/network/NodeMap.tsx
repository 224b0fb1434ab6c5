/** Where the nodes stand: on a map, and as a list. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/Empty";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { count, number } from "@/ui/text";
import styles from "./NodeMap.module.css";
import { type Place, places } from "./places";

const WorldMap = lazy(() => import("./WorldMap"));
const PAGE = 1_000;
const MOST_PAGES = 5;
const STALE_MS = 60_000;
const SKELETONS = [0, 1, 2, 3, 4];

export function NodeMap() {
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["nodes by place"],
    queryFn: ({ signal }) => someNodes(signal),
    staleTime: STALE_MS,
  });
  const found = useMemo(() => data && places(data.nodes), [data]);
  const [marked, setMarked] = useState<string | null>(null);
  if (error && !data) {
    return (
      <Card title="Where the nodes are">
        <Problem error={error} onRetry={refetch} retrying={isFetching} />
      </Card>
    );
  }
  return (
    <Card
      title="Where the nodes are"
      aside={<span className="muted small">{found && note(found.unplaced, data?.more)}</span>}
    >
      <div className={styles.sides}>
        <div className={styles.map}>
          <Suspense>
            <WorldMap places={found?.places ?? []} marked={marked} onMark={setMarked} />
          </Suspense>
        </div>
        <Places places={found?.places} marked={marked} onMark={setMarked} />
      </div>
    </Card>
  );
}

interface PlacesProps {
  places: Place[] | undefined;
  marked: string | null;
  onMark: (key: string | null) => void;
}

function Places({ places: found, marked, onMark }: PlacesProps) {
  if (found?.length === 0) {
    return (
      <div className={styles.list}>
        <Empty
          title="No node says where it is"
          action={
            <ButtonLink href="/provide" size="small">
              Register a node
            </ButtonLink>
          }
        >
          A node is shown here once its owner tells its place.
        </Empty>
      </div>
    );
  }
  return (
    <ol className={styles.list} aria-label="Nodes by place" aria-busy={found === undefined}>
      {found
        ? found.map((place) => (
            <li key={place.key}>
              <button
                type="button"
                className={styles.place}
                aria-pressed={marked === place.key}
                onClick={() => onMark(marked === place.key ? null : place.key)}
                onPointerEnter={() => onMark(place.key)}
                onPointerLeave={() => onMark(null)}
                onFocus={() => onMark(place.key)}
                onBlur={() => onMark(null)}
              >
                <span className={styles.name}>{place.name}</span>
                <span>{count(place.nodes, "node")}</span>
                <span className={styles.gpus}>{place.gpus.join(", ")}</span>
                <span className="muted">{number(place.active)} active</span>
              </button>
            </li>
          ))
        : SKELETONS.map((key) => (
            <li key={key} className={styles.place}>
              <Skeleton width="8rem" />
            </li>
          ))}
    </ol>
  );
}

function note(unplaced: number, more: boolean | undefined): string {
  if (more) return `The ${number(PAGE * MOST_PAGES)} newest nodes`;
  return unplaced > 0 ? `${count(unplaced, "node")} without a place` : "";
}

/** The nodes, if they are not too many to be shown one by one. */
async function someNodes(signal: AbortSignal): Promise<{ nodes: Schemas["Node"][]; more: boolean }> {
  const nodes: Schemas["Node"][] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const { data } = await api.GET("/api/nodes", { params: { query }, signal });
    if (data === undefined) break;
    nodes.push(...data.nodes);
    if (data.nextCursor === null) return { nodes, more: false };
    cursor = data.nextCursor;
  }
  return { nodes, more: true };
}
