/** Where a wallet is chosen and signs in, and where it signs out. Loaded when it is first opened. */
import { useWallets, type UiWallet, type UiWalletAccount } from "@wallet-standard/react";
import { useState } from "react";
import { Link } from "wouter";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty } from "@/ui/Empty";
import { ConnectRow } from "./ConnectRow";
import { isSolanaWallet } from "./accounts";
import { session as store } from "./session";
import type { Session } from "./sessionStore";
import { SignIn } from "./SignIn";
import styles from "./WalletDialog.module.css";
import { useSession } from "./useSession";

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

interface Chosen {
  wallet: UiWallet;
  account: UiWalletAccount;
}

export default function WalletDialog({ open, onOpenChange }: Props) {
  const session = useSession();
  const [chosen, setChosen] = useState<Chosen>();
  const close = (): void => {
    onOpenChange(false);
    setChosen(undefined);
  };
  const change = (next: boolean): void => (next ? onOpenChange(true) : close());
  const title = session ? "Your wallet" : chosen ? `Sign in with ${chosen.wallet.name}` : "Connect a wallet";
  return (
    <Dialog open={open} onOpenChange={change} title={title} size="small">
      {session ? (
        <SignedIn session={session} onDone={close} />
      ) : chosen ? (
        <SignIn account={chosen.account} onDone={close} onBack={() => setChosen(undefined)} />
      ) : (
        <Wallets onChosen={setChosen} />
      )}
    </Dialog>
  );
}

function Wallets({ onChosen }: { onChosen: (chosen: Chosen) => void }) {
  const wallets = useWallets().filter(isSolanaWallet);
  if (wallets.length === 0) {
    return (
      <Empty title="No wallet found in this browser">
        Install a Solana wallet that follows the Wallet Standard, such as Phantom, Solflare or Backpack. It
        appears here as soon as it is there.
      </Empty>
    );
  }
  return (
    <ul className={styles.wallets}>
      {wallets.map((wallet) => (
        <li key={wallet.name}>
          <ConnectRow wallet={wallet} onAccount={(account) => onChosen({ wallet, account })} />
        </li>
      ))}
    </ul>
  );
}

function SignedIn({ session, onDone }: { session: Session; onDone: () => void }) {
  const end = (): void => {
    store.end();
    onDone();
  };
  return (
    <div className={styles.account}>
      <Address value={session.walletAddress} long />
      <p className="muted">
        Signed in. The session ends <Ago at={session.expiresAt} />.
      </p>
      <div className={styles.actions}>
        <Link href="/wallet" className={styles.link} onClick={onDone}>
          Balance and keys
        </Link>
        <Button onClick={end}>Sign out</Button>
      </div>
    </div>
  );
}
