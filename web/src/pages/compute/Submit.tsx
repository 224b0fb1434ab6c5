/** The button that submits, and what the wallet has for it. */
import { Play } from "lucide-react";
import { Link } from "wouter";
import { queries } from "@/api/client";
import { Amount } from "@/ui/Amount";
import { Button } from "@/ui/Button";
import { Facts } from "@/ui/Facts";
import { fromApi, parseHyper } from "@/ui/money";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { useWallet } from "@/wallet/WalletContext";
import type { Draft } from "./draft";
import styles from "./NewJob.module.css";
import type { Submission } from "./useSubmission";

export function Submit({ draft, submission }: { draft: Draft | undefined; submission: Submission }) {
  const { address, open } = useWallet();
  if (address === null)
    return (
      <>
        <Button variant="primary" className={styles.submit} onClick={open}>
          Connect a wallet to submit
        </Button>
        <p className={styles.note}>A quote costs nothing and needs no wallet.</p>
      </>
    );
  return (
    <>
      {draft && <Balance address={address} budget={draft.budget} />}
      {submission.error && <Problem error={submission.error} />}
      <Button
        variant="primary"
        className={styles.submit}
        icon={<Play />}
        busy={submission.isPending}
        disabled={draft === undefined}
        onClick={() => draft && submission.submit(draft, address)}
      >
        Submit the job
      </Button>
      <p className={styles.note}>
        The budget is locked while the job lives; what it does not cost comes back.
      </p>
    </>
  );
}

function Balance({ address, budget }: { address: string; budget: number | string }) {
  const { data } = queries.useQuery("get", "/api/wallets/{wallet}", {
    params: { path: { wallet: address } },
  });
  const wanted = typeof budget === "number" ? fromApi(budget) : (parseHyper(budget) ?? 0n);
  const missing = data ? wanted - fromApi(data.wallet.balance) : 0n;
  return (
    <>
      <Facts
        facts={[
          ["Budget", <Amount key="budget" value={wanted} />],
          ["Your balance", data ? <Amount value={data.wallet.balance} /> : <Skeleton width="8ch" />],
        ]}
      />
      {missing > 0n && (
        <p className={styles.none}>
          <span>
            The job would wait for <Amount value={missing} /> more. <Link href="/wallet">Deposit</Link>, or
            lower the budget.
          </span>
        </p>
      )}
    </>
  );
}
