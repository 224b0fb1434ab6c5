/** Shows its children to a signed-in wallet, and to anybody else the way to sign in. */
import { Wallet } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { useWallet } from "./WalletContext";

export function NeedsWallet({ why, children }: { why: string; children: (address: string) => ReactNode }) {
  const { address, open } = useWallet();
  if (address !== null) return children(address);
  return (
    <Empty
      icon={<Wallet />}
      title="Connect your wallet"
      action={
        <Button variant="primary" onClick={open}>
          Connect a wallet
        </Button>
      }
    >
      {why}
    </Empty>
  );
}
