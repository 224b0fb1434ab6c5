/** The statement: each movement of the balance. */
import { useMutation } from "@tanstack/react-query";
import { Download, ReceiptText } from "lucide-react";
import { Link } from "wouter";
import { answered, api, type Schemas } from "@/api/client";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Problem } from "@/ui/Problem";
import { type Column, Table } from "@/ui/Table";
import { short, words } from "@/ui/text";
import { toCsv, whole } from "./csv";
import styles from "./lists.module.css";
import { useStatement } from "./useWalletState";

type Movement = Schemas["Movement"];

const MOST = 1_000;
const FILE_CHARS = 8;
const KINDS: Record<string, string> = {
  deposit: "Deposit",
  hold: "Held for a job",
  refund: "Returned by a job",
  withdrawal: "Withdrawal",
};

const COLUMNS: Column<Movement>[] = [
  { name: "When", cell: ({ at }) => <Ago at={at} /> },
  { name: "What", cell: ({ kind }) => KINDS[kind] ?? words(kind) },
  { name: "Amount", numeric: true, cell: ({ amount }) => <Amount value={amount} signed /> },
  { name: "Reference", cell: (movement) => <Reference {...movement} /> },
];

export function Movements({ wallet }: { wallet: string }) {
  const { data, error, refetch, isRefetching, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useStatement(wallet);
  const saving = useSaving(wallet);
  const movements = data?.pages.flatMap((page) => page.movements);
  return (
    <>
      {(error ?? saving.error) && (
        <div className={styles.inset}>
          <Problem
            error={error ?? saving.error}
            {...(error && { onRetry: refetch, retrying: isRefetching })}
          />
        </div>
      )}
      {(data !== undefined || !error) && (
        <Table
          caption="Movements of the balance"
          columns={COLUMNS}
          rows={movements}
          rowKey={({ id }) => String(id)}
          empty={
            <Empty icon={<ReceiptText />} title="No movements yet">
              Deposits, what jobs hold and return, and withdrawals appear here.
            </Empty>
          }
        />
      )}
      {movements !== undefined && movements.length > 0 && (
        <div className={styles.more}>
          {hasNextPage && (
            <Button size="small" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Earlier
            </Button>
          )}
          <Button size="small" icon={<Download />} busy={saving.isPending} onClick={() => saving.mutate()}>
            All as CSV
          </Button>
        </div>
      )}
    </>
  );
}

function Reference({ kind, reference }: Movement) {
  if (kind === "deposit") return <Address value={reference.replace(/:\d+$/, "")} kind="tx" />;
  if (kind === "hold" || kind === "refund")
    return (
      <Link href={`/compute/${reference}`} className="mono" title={reference}>
        {short(reference, 6)}
      </Link>
    );
  return (
    <span className="mono" title={reference}>
      {short(reference, 6)}
    </span>
  );
}

/** Reads the whole statement, and gives it to the browser as a file. */
function useSaving(wallet: string) {
  return useMutation({
    mutationFn: () =>
      whole(async (cursor) => {
        const query = { limit: MOST, ...(cursor !== null && { cursor }) };
        const params = { path: { wallet }, query };
        const page = await answered(api.GET("/api/wallets/{wallet}/statement", { params }));
        return { items: page.movements, nextCursor: page.nextCursor };
      }),
    onSuccess: (movements) => {
      const url = URL.createObjectURL(new Blob([toCsv(movements)], { type: "text/csv" }));
      const link = Object.assign(document.createElement("a"), {
        href: url,
        download: `hypernode-${wallet.slice(0, FILE_CHARS)}.csv`,
      });
      link.click();
      URL.revokeObjectURL(url);
    },
  });
}
