/** One wallet of the list: asks it for an account. */
import { useConnect, type UiWallet, type UiWalletAccount } from "@wallet-standard/react";
import { useMutation } from "@tanstack/react-query";
import { Problem } from "@/ui/Problem";
import { isSolanaAccount, WalletProblem } from "./accounts";
import styles from "./WalletDialog.module.css";

export function ConnectRow(props: { wallet: UiWallet; onAccount: (account: UiWalletAccount) => void }) {
  const { wallet, onAccount } = props;
  const [, connect] = useConnect(wallet);
  const connecting = useMutation({
    mutationFn: async () => {
      const account = (await connect()).find(isSolanaAccount);
      if (account === undefined)
        throw new WalletProblem(`${wallet.name} gave no Solana account: allow one there`);
      return account;
    },
    onSuccess: onAccount,
  });
  return (
    <>
      <button
        type="button"
        className={styles.wallet}
        aria-busy={connecting.isPending}
        disabled={connecting.isPending}
        onClick={() => connecting.mutate()}
      >
        <img src={wallet.icon} alt="" className={styles.icon} />
        {wallet.name}
        {connecting.isPending && <span className={styles.hint}>Answer in the wallet…</span>}
      </button>
      {connecting.error && <Problem error={connecting.error} />}
    </>
  );
}
