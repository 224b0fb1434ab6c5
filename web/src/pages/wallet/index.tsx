import { useState } from "react";
import { Address } from "@/ui/Address";
import { Card } from "@/ui/Card";
import { Page } from "@/ui/Page";
import { Tabs } from "@/ui/Tabs";
import { NeedsWallet } from "@/wallet/NeedsWallet";
import { useWallet } from "@/wallet/WalletContext";
import { DepositCard } from "./DepositCard";
import styles from "./index.module.css";
import { Keys } from "./Keys";
import { Movements } from "./Movements";
import { Overview } from "./Overview";
import { Payouts } from "./Payouts";
import { Withdraw } from "./Withdraw";

const LEAD = "Your balance in the network, deposits, withdrawals and API keys.";

export default function WalletPage() {
  const { address } = useWallet();
  if (address !== null) return <Mine key={address} wallet={address} />;
  return (
    <Page title="Wallet" lead={LEAD}>
      <Card>
        <NeedsWallet why="Your balance and your keys belong to your wallet. Signing in moves no money.">
          {() => null}
        </NeedsWallet>
      </Card>
    </Page>
  );
}

function Mine({ wallet }: { wallet: string }) {
  const [list, setList] = useState<"movements" | "payouts">("movements");
  const tabs = [
    { name: "movements", label: "Statement", content: <Movements wallet={wallet} /> },
    { name: "payouts", label: "Payments to your wallet", content: <Payouts wallet={wallet} /> },
  ] as const;
  return (
    <Page title="Wallet" lead={LEAD} aside={<Address value={wallet} />}>
      <Overview wallet={wallet} />
      <div className={styles.pair}>
        <DepositCard wallet={wallet} />
        <Withdraw wallet={wallet} onDone={() => setList("payouts")} />
      </div>
      <Card flush>
        <div className={styles.lists}>
          <Tabs tabs={tabs} value={list} onChange={setList} />
        </div>
      </Card>
      <Keys />
    </Page>
  );
}
