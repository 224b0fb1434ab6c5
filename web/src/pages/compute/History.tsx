/** The jobs of the signed-in wallet, newest first. */
import { ListFilter } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { paged, queries } from "@/api/client";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/Empty";
import { Problem } from "@/ui/Problem";
import { Select } from "@/ui/Select";
import { Table } from "@/ui/Table";
import { words } from "@/ui/text";
import { JOB_COLUMNS } from "./columns";
import styles from "./History.module.css";

const PAGE = 20;
const REFRESH_MS = 5_000;
const ANY = "any";
const STATES = ["pending", "queued", "running", "completed", "failed", "cancelled"];

export function History({ address }: { address: string }) {
  const [status, setStatus] = useState(ANY);
  const [jobType, setJobType] = useState(ANY);
  const types = queries.useQuery("get", "/api/job-types", {}, { staleTime: Infinity }).data?.jobTypes;
  const query = {
    walletAddress: address,
    limit: PAGE,
    ...(status !== ANY && { status }),
    ...(jobType !== ANY && { jobType }),
  };
  const list = queries.useInfiniteQuery(
    "get",
    "/api/jobs",
    { params: { query } },
    {
      ...paged,
      refetchInterval: REFRESH_MS,
    },
  );
  const isFiltered = status !== ANY || jobType !== ANY;
  const nothing = isFiltered ? (
    <Empty icon={<ListFilter />} title="No job is like this">
      Choose another status or type.
    </Empty>
  ) : (
    <Empty title="No jobs yet" action={<Link href="/compute">Make one</Link>}>
      What you submit is listed here, with its cost and its verdict.
    </Empty>
  );
  return (
    <Card
      flush
      title="My jobs"
      aside={
        <div className={styles.filters}>
          <Select
            aria-label="Status"
            options={[ANY, ...STATES].map((value) => ({
              value,
              label: value === ANY ? "Any status" : words(value),
            }))}
            value={status}
            onChange={setStatus}
          />
          <Select
            aria-label="Job type"
            options={[
              { value: ANY, label: "Any type" },
              ...(types ?? []).map((type) => ({ value: type.jobType, label: words(type.jobType) })),
            ]}
            value={jobType}
            onChange={setJobType}
          />
        </div>
      }
    >
      {list.error && <Problem error={list.error} onRetry={list.refetch} />}
      {(list.data || !list.error) && (
        <Table
          caption="My jobs, newest first"
          columns={JOB_COLUMNS}
          rows={list.data?.pages.flatMap(({ jobs }) => jobs)}
          rowKey={({ jobId }) => jobId}
          empty={nothing}
        />
      )}
      {list.hasNextPage && (
        <p className={styles.more}>
          <Button size="small" busy={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Older jobs
          </Button>
        </p>
      )}
    </Card>
  );
}
