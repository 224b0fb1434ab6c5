/** From the wallet on the chain into the balance: what it needs, or how far it is. */
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { useChain } from "@/api/chain";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Field, Input } from "@/ui/Field";
import { Skeleton } from "@/ui/Skeleton";
import { deposits } from "./depositStore";
import styles from "./DepositCard.module.css";
import { DepositProgress } from "./DepositProgress";
import forms from "./forms.module.css";
import { useWalletState } from "./useWalletState";

const DepositForm = lazy(() => import("./DepositForm"));

export function DepositCard({ wallet }: { wallet: string }) {
  const vault = useWalletState(wallet).data?.vault;
  const deposit = useSyncExternalStore(deposits.subscribe, deposits.get);
  useEffect(() => deposits.resume(wallet), [wallet]);
  return (
    <Card title="Deposit">
      <div className={styles.place}>
        {deposit?.address === wallet ? (
          <DepositProgress deposit={deposit} />
        ) : vault ? (
          <Suspense fallback={<Waiting />}>
            <WithRpc vault={vault}>
              {(rpcUrl) => <DepositForm key={rpcUrl} wallet={wallet} vault={vault} rpcUrl={rpcUrl} />}
            </WithRpc>
          </Suspense>
        ) : (
          <Waiting />
        )}
      </div>
    </Card>
  );
}

interface WithRpcProps {
  vault: Schemas["Vault"];
  children: (rpcUrl: string) => React.ReactNode;
}

/** The localnet's own RPC, the network's public one, or one that the person names. */
function WithRpc({ vault, children }: WithRpcProps) {
  const chain = useChain();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState("");
  const rpcUrl = vault.rpcUrl ?? chain.data?.rpcUrl ?? chosen;
  if (rpcUrl !== "") return children(rpcUrl);
  if (chain.isPending) return <Waiting />;
  const submit = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (URL.canParse(text)) setChosen(text);
  };
  return (
    <form className={forms.form} onSubmit={submit} noValidate>
      <Field
        label="Solana RPC"
        hint="This network names none. The transfer is sent there, and followed until it is final."
        error={text !== "" && !URL.canParse(text) && "A whole address, such as https://rpc.example"}
      >
        <Input
          type="url"
          value={text}
          placeholder="https://"
          onChange={(event) => setText(event.target.value)}
        />
      </Field>
      <Button type="submit" disabled={!URL.canParse(text)}>
        Use it
      </Button>
    </form>
  );
}

function Waiting() {
  return <Skeleton width="100%" height="10rem" />;
}
