/** A job and its story, as they happen. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { authorized, queries, type Schemas } from "@/api/client";
import { asApiError } from "@/api/errors";
import { useJobEvents, type JobEvent, type StreamState } from "@/api/events";
import { followJob } from "@/api/follow";
import { type Story, tell } from "./story";

const LATE_EVERY_MS = 3_000;
/** What comes after the end comes within a minute, or much later: then a reload shows it. */
const MOST_LOOKS = 20;
const REFRESH_MS = 5_000;
const NO_EVENTS: readonly JobEvent[] = [];

export interface Told {
  job: Schemas["Job"] | undefined;
  error: Error | null;
  refetch: () => unknown;
  story: Story;
  stream: StreamState;
}

export function useStory(jobId: string): Told {
  const { events, state: stream } = useJobEvents(jobId);
  const late = useLateEvents(jobId, events, stream.name === "ended");
  const story = useMemo(() => tell([...events, ...late]), [events, late]);
  const query = queries.useQuery(
    "get",
    "/api/jobs/{job_id}",
    { params: { path: { job_id: jobId } } },
    // Who may not follow the stream looks now and then.
    {
      refetchInterval: ({ state }) =>
        stream.name === "refused" && !isOver(state.data?.job) ? REFRESH_MS : false,
    },
  );
  const { refetch } = query;
  const last = story.moments.at(-1)?.seq;
  useEffect(() => {
    if (last !== undefined) void refetch();
  }, [last, refetch]);
  return { job: query.data?.job, error: query.error && asApiError(query.error), refetch, story, stream };
}

export function isOver(job: Schemas["Job"] | undefined): boolean {
  return job !== undefined && ["completed", "failed", "cancelled"].includes(job.status);
}

/** The stream ends with the job; its payout and the anchor of its receipt come a little later. */
function useLateEvents(jobId: string, events: readonly JobEvent[], isEnded: boolean): readonly JobEvent[] {
  const after = events.at(-1)?.seq ?? 0;
  const isAnchored = events.some(({ kind }) => kind === "receipt");
  const query = useQuery({
    queryKey: ["late events", jobId, after],
    queryFn: ({ signal }) => eventsAfter(jobId, after, signal),
    enabled: isEnded && !isAnchored,
    refetchInterval: ({ state }) =>
      state.dataUpdateCount < MOST_LOOKS &&
      !state.data?.some(({ kind }) => kind === "receipt") &&
      LATE_EVERY_MS,
  });
  return query.data ?? NO_EVENTS;
}

/** All that is stored: of a job that is over the stream tells that, and ends. */
async function eventsAfter(jobId: string, after: number, signal: AbortSignal): Promise<JobEvent[]> {
  const found: JobEvent[] = [];
  const once = new AbortController();
  await followJob(
    {
      ...{ jobId, after },
      signal: AbortSignal.any([signal, once.signal]),
      onEvents: (events) => found.push(...events),
      onState: ({ name }) => name === "reconnecting" && once.abort(),
    },
    { fetch: authorized, sleep: () => Promise.resolve(), random: Math.random },
  );
  return found;
}
