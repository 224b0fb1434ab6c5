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
import type { Story } from "./story";

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
      return job.jobType === "llm_inference" && story.text !== "" ? (
        // A model that answers tells how far it is by its words.
        <Running label="Answering" />
      ) : (
        <Running label={story.progress?.message || "Starting"} fraction={story.progress?.fraction} />
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
          <Link href="/wallet">Deposit on the Wallet page</Link>
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

function Running({ label, fraction }: { label: string; fraction?: number | undefined }) {
  return (
    <Progress.Root value={fraction === undefined ? null : fraction * WHOLE} className={styles.progress}>
      <div className={styles.reached}>
        <Progress.Label>{label}</Progress.Label>
        <span className="muted">{fraction !== undefined && `${Math.floor(fraction * WHOLE)} %`}</span>
      </div>
      <Progress.Track className={styles.track}>
        <Progress.Indicator className={styles.indicator} />
      </Progress.Track>
    </Progress.Root>
  );
}
