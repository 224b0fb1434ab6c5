/** Why a job has not started, and what would help. */
import { Link } from "wouter";
import { queries, type Schemas } from "@/api/client";
import { Amount } from "@/ui/Amount";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";

const REFRESH_MS = 5_000;

export function Waiting({ job }: { job: Schemas["Job"] }) {
  const { data } = queries.useQuery(
    "get",
    "/api/jobs/{job_id}/explain",
    { params: { path: { job_id: job.jobId } } },
    { refetchInterval: REFRESH_MS },
  );
  const explanation = data?.explanation;
  return (
    <Card title={job.status === "pending" ? "Waits for its funds" : "Waits for a node"}>
      <p>{explanation?.sentence ?? <Skeleton width="100%" />}</p>
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
          To ask for something else,{" "}
          <Link href={`/compute?like=${job.jobId}`}>submit it again with other terms</Link> and cancel this
          one.
        </p>
      )}
    </Card>
  );
}
