/** Payments on the chain to the wallet: earnings and withdrawals. */
import { Send } from "lucide-react";
import type { Schemas } from "@/api/client";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Problem } from "@/ui/Problem";
import { Status, type Tone } from "@/ui/Status";
import { type Column, Table } from "@/ui/Table";
import { words } from "@/ui/text";
import styles from "./lists.module.css";
import { usePayouts } from "./useWalletState";

type Payout = Schemas["PayoutView"];

const STATES: Record<Payout["status"], readonly [Tone, string]> = {
  due: ["warn", "Due"],
  batched: ["busy", "Sent"],
  finalized: ["good", "Final"],
};

const COLUMNS: Column<Payout>[] = [
  { name: "When", cell: ({ createdAt }) => <Ago at={createdAt} /> },
  { name: "What", cell: ({ kind }) => words(kind) },
  { name: "Amount", numeric: true, cell: ({ amount }) => <Amount value={amount} /> },
  {
    name: "State",
    cell: ({ status }) => {
      const [tone, text] = STATES[status];
      return (
        <Status of={status} tone={tone}>
          {text}
        </Status>
      );
    },
  },
  {
    name: "Chain transaction",
    cell: ({ txSignature }) =>
      txSignature === null ? (
        <span className="muted">Not yet</span>
      ) : (
        <Address value={txSignature} kind="tx" />
      ),
  },
];

export function Payouts({ wallet }: { wallet: string }) {
  const { data, error, refetch, isRefetching, hasNextPage, fetchNextPage, isFetchingNextPage } =
    usePayouts(wallet);
  return (
    <>
      {error && (
        <div className={styles.inset}>
          <Problem error={error} onRetry={refetch} retrying={isRefetching} />
        </div>
      )}
      {(data !== undefined || !error) && (
        <Table
          caption="Payments to the wallet"
          columns={COLUMNS}
          rows={data?.pages.flatMap(({ payouts }) => payouts)}
          rowKey={({ payoutId }) => payoutId}
          empty={
            <Empty icon={<Send />} title="Nothing was sent to your wallet yet">
              Withdrawals and what your nodes earned appear here, each with its chain transaction.
            </Empty>
          }
        />
      )}
      {hasNextPage && (
        <div className={styles.more}>
          <Button size="small" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Earlier
          </Button>
        </div>
      )}
    </>
  );
}
