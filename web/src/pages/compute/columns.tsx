/** What a list of jobs shows of each. */
import { Link } from "wouter";
import type { Schemas } from "@/api/client";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Status } from "@/ui/Status";
import type { Column } from "@/ui/Table";
import { duration, short, words } from "@/ui/text";

export const JOB_COLUMNS: readonly Column<Schemas["Job"]>[] = [
  {
    name: "Job",
    cell: ({ jobId, part }) => (
      <Link href={`/compute/${jobId}`} className="mono" title={jobId}>
        {short(jobId, 6)}
        {part != null && ` · part ${part}`}
      </Link>
    ),
  },
  { name: "Type", cell: ({ jobType }) => words(jobType) },
  { name: "Status", cell: ({ status }) => <Status of={status} /> },
  {
    name: "Verdict",
    cell: ({ verification }) => (verification ? <Status of={verification.verdict} /> : "—"),
  },
  {
    name: "Ran",
    cell: ({ metrics }) => (metrics.duration === null ? "—" : duration(metrics.duration)),
    numeric: true,
  },
  { name: "Cost", cell: ({ metrics }) => <Amount value={metrics.cost} />, numeric: true },
  { name: "Submitted", cell: ({ createdAt }) => <Ago at={createdAt} />, numeric: true },
];
