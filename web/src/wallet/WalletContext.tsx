/** The wallet for the whole app: light, since what speaks to wallets is loaded when it is first needed. */
import { createContext, lazy, type ReactNode, Suspense, use, useMemo, useState } from "react";
import type { Session } from "./sessionStore";
import { useSession } from "./useSession";

const WalletDialog = lazy(() => import("./WalletDialog"));

export interface WalletAccess {
  /** Who is signed in. */
  session: Session | null;
  /** The signed-in wallet's address. */
  address: string | null;
  /** Opens the dialog where a wallet is chosen and signs in, or where the signed-in one signs out. */
  open: () => void;
}

const Context = createContext<WalletAccess | null>(null);

export function WalletProvider({ children }: { children: ReactNode }) {
  const session = useSession();
  const [isOpen, setOpen] = useState(false);
  const [wasOpen, setWasOpen] = useState(false);
  const access = useMemo(() => {
    const open = (): void => {
      setWasOpen(true);
      setOpen(true);
    };
    return { session, address: session?.walletAddress ?? null, open };
  }, [session]);
  return (
    <Context value={access}>
      {children}
      {wasOpen && (
        <Suspense>
          <WalletDialog open={isOpen} onOpenChange={setOpen} />
        </Suspense>
      )}
    </Context>
  );
}

export function useWallet(): WalletAccess {
  const access = use(Context);
  if (access === null) throw new Error("useWallet needs a WalletProvider above it");
  return access;
}
