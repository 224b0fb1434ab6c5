/** The wallet in the shell: connect, or who is connected. */
import { Wallet } from "lucide-react";
import { Button } from "@/ui/Button";
import { short } from "@/ui/text";
import { useWallet } from "./WalletContext";

export function WalletButton() {
  const { address, open } = useWallet();
  if (address === null) {
    return (
      <Button variant="primary" size="small" icon={<Wallet />} onClick={open}>
        Connect
      </Button>
    );
  }
  return (
    <Button
      size="small"
      icon={<Wallet />}
      onClick={open}
      aria-label={`Wallet ${short(address)}`}
      title={address}
    >
      <span className="mono">{short(address)}</span>
    </Button>
  );
}
