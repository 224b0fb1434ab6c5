/** Which chain, and where on it everything can be looked up. */
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Grid } from "@/ui/Page";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { count, number } from "@/ui/text";
import styles from "./ChainFacts.module.css";
import { useValidation } from "./useValidation";

export function ChainFacts() {
  const { data, error, refetch, isFetching } = useValidation();
  if (error && !data) return <Problem error={error} onRetry={refetch} retrying={isFetching} />;
  const { blockchain: chain, summary } = data?.validation ?? {};
  const last = chain?.lastAnchor;
  const wait = <Skeleton width="8ch" />;
  return (
    <Grid min="24rem">
      <Card title="The chain">
        <div className={styles.frame}>
          <Facts
            facts={[
              ["Network", chain?.network ?? wait],
              ["HYPER mint", chain ? <Address value={chain.hyperTokenMint} /> : wait],
              ["Vault", chain ? <Address value={chain.vault} /> : wait],
              ["Anchor and receipt key", chain ? <Address value={chain.anchorKey} /> : wait],
              ["Genesis hash", chain ? <Address value={chain.genesisHash} kind="digest" /> : wait],
              ["RPC", chain ? (chain.rpcUrl ?? "none for browsers") : wait],
            ]}
          />
        </div>
      </Card>
      <Card title="What stands on it">
        <div className={styles.frame}>
          <Facts
            facts={[
              ["Receipts anchored", summary ? number(summary.totalJobsOnChain) : wait],
              ["Paid to providers", summary ? <Amount value={summary.totalHyperPaidOnChain} /> : wait],
              ["Nodes with receipts, 24 h", summary ? number(summary.activeNodesOnChain) : wait],
              ["Last anchor", chain ? last ? <Ago at={last.timestamp} /> : "none yet" : wait],
              [
                "Its chain transaction",
                last ? <Address value={last.txSignature} kind="tx" /> : chain ? "none yet" : wait,
              ],
              [
                "Its root",
                last ? (
                  <>
                    <Address value={last.root} kind="digest" />{" "}
                    <span className="muted">of {count(last.receipts, "receipt")}</span>
                  </>
                ) : chain ? (
                  "none yet"
                ) : (
                  wait
                ),
              ],
            ]}
          />
        </div>
      </Card>
    </Grid>
  );
}
