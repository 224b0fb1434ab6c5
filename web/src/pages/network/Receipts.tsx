/** The latest receipts that stand on the chain. */
import { FileCheck2 } from "lucide-react";
import { Link } from "wouter";
import type { Schemas } from "@/api/client";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/Empty";
import { Problem } from "@/ui/Problem";
import { Status } from "@/ui/Status";
import { type Column, Table } from "@/ui/Table";
import { words } from "@/ui/text";
import styles from "./Receipts.module.css";
import { RECEIPTS, useValidation } from "./useValidation";

const COLUMNS: readonly Column<Schemas["RecentReceipt"]>[] = [
  { name: "Anchored", cell: ({ timestamp }) => <Ago at={timestamp} /> },
  { name: "Job", cell: ({ type }) => words(type) },
  { name: "Verdict", cell: ({ verdict }) => <Status of={verdict} /> },
  { name: "Cost", numeric: true, cell: ({ cost }) => <Amount value={cost} /> },
  { name: "Chain transaction", cell: ({ txSignature }) => <Address value={txSignature} kind="tx" /> },
  {
    name: "Proof",
    cell: ({ jobId }) => <Link href={`/verify?job=${encodeURIComponent(jobId)}`}>Verify</Link>,
  },
];

export function Receipts() {
  const { data, error, refetch, isFetching } = useValidation();
  return (
    <Card
      title="Latest receipts"
      flush
      aside={
        <ButtonLink href="/verify" size="small" icon={<FileCheck2 />}>
          Verify a receipt
        </ButtonLink>
      }
    >
      {error && !data ? (
        <Problem error={error} onRetry={refetch} retrying={isFetching} />
      ) : (
        <div className={styles.frame}>
          <Table
            caption="The latest receipts on the chain, newest first"
            columns={COLUMNS}
            rows={data?.validation.recentReceipts}
            rowKey={({ receiptId }) => receiptId}
            skeletons={RECEIPTS}
            empty={
              <Empty
                title="No receipt is on the chain yet"
                icon={<FileCheck2 />}
                action={
                  <ButtonLink href="/compute" size="small">
                    Run a job
                  </ButtonLink>
                }
              >
                Every finished job gets one, and the chain holds it a little later.
              </Empty>
            }
          />
        </div>
      )}
    </Card>
  );
}
