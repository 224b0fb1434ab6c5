/** From the balance back to the wallet. */
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { answered, api } from "@/api/client";
import { asApiError } from "@/api/errors";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { fromApi, toApi } from "@/ui/money";
import { notify } from "@/ui/notify";
import { Problem } from "@/ui/Problem";
import { AmountField, sendable } from "./AmountField";
import styles from "./forms.module.css";
import { useWalletChanged, useWalletState } from "./useWalletState";

export function Withdraw({ wallet, onDone }: { wallet: string; onDone: () => void }) {
  const { data } = useWalletState(wallet);
  const [text, setText] = useState("");
  const withdrawing = useWithdrawing(wallet, () => {
    setText("");
    onDone();
  });
  const most = data && fromApi(data.wallet.balance);
  const units = sendable(text, most);
  const refused = withdrawing.error && asApiError(withdrawing.error);
  const submit = (event: React.SyntheticEvent): void => {
    event.preventDefault();
    if (units !== null) withdrawing.mutate(toApi(units));
  };
  return (
    <Card title="Withdraw">
      <form className={styles.form} onSubmit={submit} noValidate>
        <AmountField
          label="Amount"
          text={text}
          onChange={setText}
          most={most}
          where="Your balance"
          error={refused?.expected("amount")}
        />
        {refused && refused.expected("amount") === undefined && <Problem error={refused} />}
        <p className={styles.note}>
          The network sends it to your wallet and pays the chain&rsquo;s fee. It shows below until the chain
          has it for good.
        </p>
        <Button type="submit" busy={withdrawing.isPending} disabled={units === null}>
          Withdraw
        </Button>
      </form>
    </Card>
  );
}

function useWithdrawing(wallet: string, onDone: () => void) {
  const changed = useWalletChanged();
  // The same request until it is answered: if the answer was lost, a second try moves nothing twice.
  const last = useRef({ amount: "", key: "" });
  return useMutation({
    mutationFn: (amount: string) => {
      if (last.current.amount !== amount) last.current = { amount, key: crypto.randomUUID() };
      const params = { path: { wallet }, header: { "Idempotency-Key": last.current.key } };
      return answered(api.POST("/api/wallets/{wallet}/withdraw", { params, body: { amount } }));
    },
    onSuccess: (_, amount) => {
      last.current = { amount: "", key: "" };
      notify({ title: `${amount} HYPER are on their way to your wallet`, type: "good" });
      onDone();
      return changed();
    },
  });
}
