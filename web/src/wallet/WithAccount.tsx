/** The signed-in wallet's account, for what only the wallet can sign. Import it in lazily loaded parts alone. */
import { StandardConnect, type StandardConnectFeature } from "@wallet-standard/features";
import { getWalletFeature, useWallets, type UiWallet, type UiWalletAccount } from "@wallet-standard/react";
import { type ReactNode, useEffect } from "react";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { isSolanaWallet } from "./accounts";

interface Props {
  address: string;
  children: (account: UiWalletAccount) => ReactNode;
}

const asked = new Set<string>();

/**
 * A session outlives a reload, a wallet's connection does not: wallets that trust this page are asked for their
 * accounts in silence, once each; if none has the account, the person is asked to connect it.
 */
export function WithAccount({ address, children }: Props) {
  const wallets = useWallets().filter(isSolanaWallet);
  const account = wallets.flatMap((wallet) => wallet.accounts).find((each) => each.address === address);
  useEffect(() => {
    if (account !== undefined) return;
    for (const wallet of wallets.filter(({ name }) => !asked.has(name))) {
      asked.add(wallet.name);
      void connect(wallet, { silent: true });
    }
  }, [account, wallets]);
  if (account !== undefined) return children(account);
  return (
    <Empty
      title="The wallet is not connected"
      action={wallets.map((wallet) => (
        <Button key={wallet.name} onClick={() => void connect(wallet, {})}>
          Connect {wallet.name}
        </Button>
      ))}
    >
      You are signed in, but to sign a transfer the wallet with this account has to be connected.
    </Empty>
  );
}

/** What comes of it shows in the wallet's accounts. */
async function connect(wallet: UiWallet, input: { silent?: boolean }): Promise<void> {
  const feature = getWalletFeature(wallet, StandardConnect) as StandardConnectFeature[typeof StandardConnect];
  await feature.connect(input).catch(() => undefined);
}
