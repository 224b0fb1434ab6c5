/** How much is deposited: signed by the wallet. Loaded when it is needed. */
import { useWalletAccountTransactionSigner } from "@solana/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { UiWalletAccount } from "@wallet-standard/react";
import { ArrowDownToLine, Droplets } from "lucide-react";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { useChain } from "@/api/chain";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { notify } from "@/ui/notify";
import { Problem } from "@/ui/Problem";
import { chainOf } from "@/wallet/accounts";
import { WithAccount } from "@/wallet/WithAccount";
import { AmountField, sendable } from "./AmountField";
import { deposits } from "./depositStore";
import forms from "./forms.module.css";
import { drip, holdings } from "./onChain";

interface Props {
  wallet: string;
  vault: Schemas["Vault"];
  rpcUrl: string;
}

const EVERY_MS = 10_000;

export default function DepositForm(props: Props) {
  return (
    <WithAccount address={props.wallet}>
      {(account) =>
        account.features.includes("solana:signTransaction") ? (
          <Form {...props} account={account} />
        ) : (
          <Empty title="This wallet signs no transactions">
            Deposit with another one, or with <code>hypernode wallet deposit</code>.
          </Empty>
        )
      }
    </WithAccount>
  );
}

function Form({ wallet, vault, rpcUrl, account }: Props & { account: UiWalletAccount }) {
  const network = useChain().data?.network;
  const signer = useWalletAccountTransactionSigner(account, chainOf(network ?? "localnet"));
  const [text, setText] = useState("");
  const held = useQuery({
    queryKey: ["holdings", rpcUrl, wallet, vault.mint],
    queryFn: () => holdings(rpcUrl, wallet, vault.mint),
    refetchInterval: EVERY_MS,
  });
  const dripping = useMutation({
    mutationFn: () => drip(rpcUrl, wallet),
    onSuccess: () => {
      notify({ title: "100 HYPER and 1 SOL of play money are in your wallet", type: "good" });
      return held.refetch();
    },
  });
  const units = sendable(text, held.data?.units);
  const submit = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (units !== null) deposits.begin({ address: wallet, rpcUrl, units, vault, signer });
  };
  return (
    <form className={forms.form} onSubmit={submit} noValidate>
      <AmountField
        label="Amount"
        text={text}
        onChange={setText}
        most={held.data?.units}
        where="In your wallet"
      />
      {held.error && <Problem error={held.error} onRetry={held.refetch} />}
      {dripping.error && <Problem error={dripping.error} />}
      <p className={forms.note}>
        {held.data?.lamports === 0n
          ? "The wallet has no SOL, which the chain's fee is paid in."
          : "Your wallet asks you to sign a transfer to the network's vault, and pays the chain's fee."}
      </p>
      <div className={forms.row}>
        <Button
          type="submit"
          variant="primary"
          icon={<ArrowDownToLine />}
          disabled={units === null || network === undefined}
        >
          Deposit
        </Button>
        {vault.rpcUrl !== null && (
          <Button icon={<Droplets />} busy={dripping.isPending} onClick={() => dripping.mutate()}>
            Get play money
          </Button>
        )}
      </div>
    </form>
  );
}
