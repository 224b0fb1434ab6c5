/** The jobs that a job was divided into. */
import { queries } from "@/api/client";
import { Card } from "@/ui/Card";
import { Problem } from "@/ui/Problem";
import { Table } from "@/ui/Table";
import { JOB_COLUMNS } from "../compute/columns";

const REFRESH_MS = 3_000;

export function Parts({ jobId, isOver }: { jobId: string; isOver: boolean }) {
  const { data, error } = queries.useQuery(
    "get",
    "/api/jobs",
    { params: { query: { parentId: jobId } } },
    { refetchInterval: isOver ? false : REFRESH_MS },
  );
  return (
    <Card title="Parts" flush>
      {error ? (
        <Problem error={error} />
      ) : (
        <Table
          caption="Parts of this job"
          columns={JOB_COLUMNS}
          rows={data?.jobs.toSorted((one, other) => (one.part ?? 0) - (other.part ?? 0))}
          rowKey={({ jobId }) => jobId}
          empty={null}
          skeletons={2}
        />
      )}
    </Card>
  );
}
