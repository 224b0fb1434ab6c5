/** What each job earned, and the chain transaction that paid it. */
import { Coins } from "lucide-react";
import { Link } from "wouter";
import { paged, queries, type Schemas } from "@/api/client";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/Empty";
import { Problem } from "@/ui/Problem";
import { Stat, Stats } from "@/ui/Stat";
import { Status } from "@/ui/Status";
import { type Column, Table } from "@/ui/Table";
import { count, number, words } from "@/ui/text";
import styles from "./Earnings.module.css";
import { type Node, nodeName } from "./node";
import { type PriceUnits, usePriceUnits } from "./priceUnits";

type Earning = Schemas["Earning"];

const EVERY_MS = 10_000;
const PAGE = 20;

export function Earnings({ wallet, nodes }: { wallet: string; nodes: readonly Node[] | undefined }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useEarnings(wallet);
  const earnings = data?.pages.flatMap((page) => page.earnings);
  const priceUnits = usePriceUnits(earnings?.some(({ unitPrice }) => unitPrice !== null) ?? false);
  const names = new Map(nodes?.map((node) => [node.nodeId, nodeName(node)]));
  return (
    <Card title="Earnings by job" flush>
      {error && (
        <div className={styles.inset}>
          <Problem error={error} onRetry={refetch} />
        </div>
      )}
      {(data !== undefined || !error) && (
        <Table
          caption="What each job earned"
          columns={columnsWith(names, priceUnits)}
          rows={earnings}
          rowKey={({ jobId }) => jobId}
          empty={
            <Empty icon={<Coins />} title="Nothing earned yet">
              Each paid job appears here as it ends, with the chain transaction that pays it. Jobs that cost
              nothing do not.
            </Empty>
          }
        />
      )}
      {hasNextPage && (
        <div className={styles.more}>
          <Button size="small" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Earlier jobs
          </Button>
        </div>
      )}
    </Card>
  );
}

/** All nodes of the wallet together. */
export function EarningStats({ wallet, nodes }: { wallet: string; nodes: readonly Node[] | undefined }) {
  const { data } = queries.useQuery(
    "get",
    "/api/wallets/{wallet}",
    { params: { path: { wallet } } },
    { refetchInterval: EVERY_MS },
  );
  const total = nodes?.reduce((sum, { totalEarned }) => sum + totalEarned, 0);
  const jobs = nodes?.reduce((sum, { jobsCompleted }) => sum + jobsCompleted, 0);
  const active = nodes?.filter(
    ({ status, engines }) => engines.length > 0 && /online|busy/.test(status),
  ).length;
  return (
    <Stats>
      <Stat label="Nodes that take jobs" value={nodes && `${active} of ${nodes.length}`} />
      <Stat
        label="Earned"
        value={total === undefined ? undefined : <Amount value={total} />}
        note={jobs === undefined ? "By jobs" : `By ${count(jobs, "job")}`}
      />
      <Stat
        label="Gathering"
        value={data && <Amount value={data.wallet.earned} />}
        note="In the next payout"
      />
      <Stat
        label="On its way"
        value={data && <Amount value={data.wallet.payingOut} />}
        note="To your wallet"
      />
    </Stats>
  );
}

function useEarnings(wallet: string) {
  return queries.useInfiniteQuery(
    "get",
    "/api/wallets/{wallet}/earnings",
    { params: { path: { wallet }, query: { limit: PAGE } } },
    {
      ...paged,
      refetchInterval: EVERY_MS,
    },
  );
}

function columnsWith(
  names: ReadonlyMap<string, string>,
  priceUnits: PriceUnits | undefined,
): Column<Earning>[] {
  return [
    { name: "When", cell: ({ earnedAt }) => <Ago at={earnedAt} /> },
    {
      name: "Job",
      cell: ({ jobId, jobType, auditOf }) => (
        <Link href={`/compute/${jobId}`}>
          {auditOf === null ? words(jobType) : `Check of ${words(jobType)}`}
        </Link>
      ),
    },
    { name: "Node", cell: ({ nodeId }) => names.get(nodeId) ?? <span className="muted">Deregistered</span> },
    {
      name: "Units",
      numeric: true,
      cell: ({ units, unit, auditOf }) => (auditOf === null ? `${number(units)} ${unit}` : "By time"),
    },
    {
      name: "Price",
      numeric: true,
      cell: ({ price, unitPrice, jobType }) =>
        unitPrice === null ? (
          <>
            <Amount value={price} /> <span className="muted">/ h</span>
          </>
        ) : (
          <>
            <Amount value={unitPrice} /> <span className="muted">/ {priceUnits?.get(jobType) ?? "unit"}</span>
          </>
        ),
    },
    { name: "Earned", numeric: true, cell: ({ amount }) => <Amount value={amount} signed /> },
    { name: "Verdict", cell: ({ verdict }) => <Status of={verdict} /> },
    { name: "Payout", cell: ({ payout }) => <Payout payout={payout} /> },
  ];
}

function Payout({ payout }: { payout: Earning["payout"] }) {
  if (payout === null || payout.txSignature === null)
    return <Status of="due">{payout ? "Due" : "Gathering"}</Status>;
  return (
    <span className={styles.payout}>
      <Status of={payout.status}>{payout.status === "finalized" ? "Paid" : "Being paid"}</Status>
      <Address value={payout.txSignature} kind="tx" />
    </span>
  );
}
