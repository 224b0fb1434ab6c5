import { Page } from "@/ui/Page";

export default function WalletPage() {
  return <Page title="Wallet" lead="Your balance in the network, deposits, withdrawals and API keys." />;
}
