/** What the wallet has in the network. */
import { Amount } from "@/ui/Amount";
import { Problem } from "@/ui/Problem";
import { Stat, Stats } from "@/ui/Stat";
import { useWalletState } from "./useWalletState";

export function Overview({ wallet }: { wallet: string }) {
  const { data, error, refetch, isRefetching } = useWalletState(wallet);
  const shown = (name: "balance" | "held" | "earned" | "payingOut") =>
    data && <Amount value={data.wallet[name]} />;
  return (
    <>
      {error && <Problem error={error} onRetry={refetch} retrying={isRefetching} />}
      <Stats>
        <Stat label="Balance" value={shown("balance")} note="Free to spend or withdraw" />
        <Stat label="Held" value={shown("held")} note="Budgets of live jobs" />
        <Stat label="Earned" value={shown("earned")} note="In the next payout" />
        <Stat label="On its way" value={shown("payingOut")} note="To your wallet" />
      </Stats>
    </>
  );
}
