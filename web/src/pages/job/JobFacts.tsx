/** What a job is, where it runs, what it cost, and how sure its result is. */
import type { ReactNode } from "react";
import { ShieldCheck } from "lucide-react";
import type { Schemas } from "@/api/client";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { ButtonLink } from "@/ui/Button";
import { Facts } from "@/ui/Facts";
import { Skeleton } from "@/ui/Skeleton";
import { Status } from "@/ui/Status";
import { count, duration, number, words } from "@/ui/text";
import styles from "./job.module.css";

type Job = Schemas["Job"];

export function JobFacts({ job }: { job: Job | undefined }) {
  const known = (show: (job: Job) => ReactNode): ReactNode => (job ? show(job) : <Skeleton width="9ch" />);
  return (
    <>
      <Facts
        facts={[
          ["Status", known(({ status }) => <Status of={status} />)],
          ["Type", known(({ jobType }) => words(jobType))],
          ["Model", known(({ model }) => model)],
          ["Submitted", known(({ createdAt }) => <Ago at={createdAt} />)],
          [
            "Node",
            known(({ assignedNode }) =>
              assignedNode ? <Address value={assignedNode} kind="digest" /> : "—",
            ),
          ],
          ["Attempts", known(({ attempts }) => attempts)],
          ["Ran", known(({ metrics }) => (metrics.duration === null ? "—" : duration(metrics.duration)))],
          ["Work", known(({ units, unit }) => (units === 0 ? "—" : work(units, unit)))],
          ["Budget", known(({ budget }) => <Amount value={budget} />)],
          ["Cost", known(({ metrics }) => <Amount value={metrics.cost} />)],
          [
            "Verdict",
            known(({ verification }) => (verification ? <Status of={verification.verdict} /> : "—")),
          ],
          ["Parts", job && job.parts > 0 ? count(job.parts, "part") : null],
        ]}
      />
      {job?.verification?.evidence && <p className={styles.evidence}>{job.verification.evidence}</p>}
      {job?.receiptId && (
        <ButtonLink href={`/verify?job=${job.jobId}`} icon={<ShieldCheck />} className={styles.whole}>
          Verify the receipt
        </ButtonLink>
      )}
    </>
  );
}

function work(units: number, unit: string): string {
  return `${number(units)} ${units === 1 ? unit.replace(/s$/, "") : unit}`;
}
