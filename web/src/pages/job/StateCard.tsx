/** Where a job stands, in a sentence: why it waits, how far it is, or how it ended. */
import { Progress } from "@base-ui/react/progress";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { queries, type Schemas } from "@/api/client";
import { Amount } from "@/ui/Amount";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";
import { duration } from "@/ui/text";
import styles from "./job.module.css";
import type { Progress as Reached, Story } from "./story";

const REFRESH_MS = 5_000;
const WHOLE = 100;

type Job = Schemas["Job"];

export function StateCard({ job, story }: { job: Job | undefined; story: Story }) {
  return (
    <Card>
      <div className={styles.state}>{job ? standing(job, story) : <Skeleton width="60%" />}</div>
    </Card>
  );
}

function standing(job: Job, story: Story): ReactNode {
  switch (job.status) {
    case "pending":
    case "queued":
      return <Waiting job={job} />;
    case "running":
      // A model that answers tells how far it is by its words.
      return (
        <Running progress={story.text === "" ? story.progress : undefined} isAnswering={story.text !== ""} />
      );
    case "completed":
      return (
        <p>
          <strong>
            Completed{job.metrics.duration !== null && ` in ${duration(job.metrics.duration)}`}.
          </strong>{" "}
          It cost <Amount value={job.metrics.cost} />, and the rest of the budget came back.
        </p>
      );
    case "failed":
      return (
        <>
          <p>
            <strong>It failed.</strong> {job.error?.message}
          </p>
          <p className="muted small">
            <code>{job.error?.code}</code>, after {duration(job.metrics.duration ?? 0)}. It cost{" "}
            <Amount value={job.metrics.cost} />.
          </p>
        </>
      );
    default:
      return (
        <p>
          <strong>Cancelled.</strong> It cost <Amount value={job.metrics.cost} />.
        </p>
      );
  }
}

function Waiting({ job }: { job: Job }) {
  const { data } = queries.useQuery(
    "get",
    "/api/jobs/{job_id}/explain",
    { params: { path: { job_id: job.jobId } } },
    { refetchInterval: REFRESH_MS },
  );
  const explanation = data?.explanation;
  return (
    <>
      <p>
        <strong>{job.status === "pending" ? "It waits for its funds." : "It waits for a node."}</strong>{" "}
        {explanation?.sentence ?? <Skeleton width="8rem" />}
      </p>
      {explanation?.needed != null && (
        <p>
          <Link href="/wallet">
            Deposit <Amount value={explanation.needed} />
          </Link>{" "}
          and it goes on by itself.
        </p>
      )}
      {explanation?.relaxation && (
        <p>
          Or cancel it, and <Link href={`/compute?like=${job.jobId}`}>submit it with other terms</Link>.
        </p>
      )}
    </>
  );
}

function Running({ progress, isAnswering }: { progress: Reached | undefined; isAnswering: boolean }) {
  return (
    <Progress.Root value={progress ? progress.fraction * WHOLE : null} className={styles.progress}>
      <div className={styles.reached}>
        <Progress.Label>{isAnswering ? "Answering" : progress?.message || "Starting"}</Progress.Label>
        <span className="muted">{progress && `${Math.floor(progress.fraction * WHOLE)} %`}</span>
      </div>
      <Progress.Track className={styles.track}>
        <Progress.Indicator className={styles.indicator} />
      </Progress.Track>
    </Progress.Root>
  );
}
