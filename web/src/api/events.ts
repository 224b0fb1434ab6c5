/** A job's events, for a component. */
import { useEffect, useState } from "react";
import { useSession } from "@/wallet/useSession";
import { authorized } from "./client";
import { followJob, type JobEvent, type StreamState, type Surroundings } from "./follow";

export type { EventKind, JobEvent, StreamState } from "./follow";

const browser: Surroundings = {
  fetch: authorized,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake, { once: true });
    }),
  random: Math.random,
};

interface Followed {
  key: string;
  events: readonly JobEvent[];
  state: StreamState;
}

/** All events of a job so far, oldest first, and how the stream is doing. */
export function useJobEvents(jobId: string): Omit<Followed, "key"> {
  const key = `${jobId} ${useSession()?.token ?? ""}`;
  const nothing: Followed = { key, events: [], state: { name: "connecting" } };
  const [followed, setFollowed] = useState(nothing);
  useEffect(() => {
    const left = new AbortController();
    // What is known of another job, or was told to another wallet, is not this stream's.
    const change = (more: (now: Followed) => Partial<Followed>): void =>
      setFollowed((was) => {
        const now = was.key === key ? was : { key, events: [], state: { name: "connecting" } as const };
        return { ...now, ...more(now) };
      });
    void followJob(
      {
        jobId,
        signal: left.signal,
        onEvents: (events) => change((now) => ({ events: [...now.events, ...events] })),
        onState: (state) => change(() => ({ state })),
      },
      browser,
    );
    return () => left.abort();
  }, [jobId, key]);
  return followed.key === key ? followed : nothing;
}
