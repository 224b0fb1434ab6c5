/** The deposit under way: it goes on while other pages are looked at, and after a reload. */
import type { TransactionSigner } from "@solana/kit";
import { answered, api, queryClient, type Schemas } from "@/api/client";
import { WalletProblem } from "@/wallet/accounts";
import type { Signed, TransferStep } from "@/wallet/transfer";

export type Stage = "preparing" | "signing" | "sending" | "sent" | "confirmed" | "final" | "credited";

export interface Deposit {
  address: string;
  rpcUrl: string;
  /** Base units. */
  units: bigint;
  stage: Stage;
  /** Once it was signed. */
  signed: Signed | null;
  error: unknown;
}

export interface Beginning {
  address: string;
  rpcUrl: string;
  units: bigint;
  vault: Schemas["Vault"];
  signer: TransactionSigner;
}

const KEY = "hypernode.deposit";
const LOOK_EVERY_MS = 1_500;
/** How long the network may take to credit what the chain has finalized. */
const CREDIT_PATIENCE_MS = 120_000;

let current = restored();
let isFollowed = false;
const listeners = new Set<() => void>();

export const deposits = {
  get: (): Deposit | null => current,

  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  begin: ({ address, rpcUrl, units, vault, signer }: Beginning): void => {
    current = { address, rpcUrl, units, stage: "preparing", signed: null, error: null };
    tell();
    void follow(current, async (onStep) => {
      const { deposit } = await import("@/wallet/transfer");
      return deposit({ signer, vault, rpcUrl, units, onStep });
    });
  },

  /** Goes on with what a page before a reload has begun, or with what the chain would not tell. */
  resume: (wallet: string): void => {
    if (isFollowed || current?.address !== wallet || current.signed === null) return;
    const { signed, rpcUrl } = current;
    current = { ...current, stage: "sent", error: null };
    tell();
    void follow(current, async (onStep) => {
      const { resume } = await import("@/wallet/transfer");
      return resume(signed, rpcUrl, onStep);
    });
  },

  /** It is over, and was seen. */
  forget: (): void => {
    current = null;
    isFollowed = false;
    sessionStorage.removeItem(KEY);
    tell();
  },
};

function tell(): void {
  for (const listener of listeners) listener();
}

type Run = (onStep: (step: TransferStep) => void) => Promise<string>;

async function follow(begun: Deposit, run: Run): Promise<void> {
  let now = begun;
  isFollowed = true;
  const change = (more: Partial<Deposit>): void => {
    if (current !== now) return; // It was forgotten meanwhile.
    current = now = { ...now, ...more };
    tell();
  };
  try {
    const signature = await run((step) => {
      if (step.name === "sending") keep({ ...now, signed: step.signed });
      change(stageOf(step));
    });
    await credited(now.address, signature);
    sessionStorage.removeItem(KEY);
    change({ stage: "credited" });
    await queryClient.invalidateQueries();
  } catch (error) {
    const { TransferUnknown } = await import("@/wallet/transfer");
    const mayStillLand = error instanceof TransferUnknown || now.stage === "final";
    if (!mayStillLand) sessionStorage.removeItem(KEY);
    change(mayStillLand ? { error } : { error, signed: null });
    if (current === now) isFollowed = false;
  }
}

function stageOf(step: TransferStep): Partial<Deposit> {
  if (step.name === "sending") return { stage: "sending", signed: step.signed };
  if (step.name === "sent") return { stage: step.confirmed ? "confirmed" : "sent" };
  return { stage: step.name };
}

/** Returns once the network has put it into the balance. */
async function credited(wallet: string, signature: string): Promise<void> {
  const params = { path: { wallet }, query: { limit: 20 } };
  for (const until = Date.now() + CREDIT_PATIENCE_MS; Date.now() < until;) {
    const { movements } = await answered(api.GET("/api/wallets/{wallet}/statement", { params }));
    if (movements.some(({ kind, reference }) => kind === "deposit" && reference.startsWith(signature)))
      return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new WalletProblem(
    "The chain has the transfer, but the network has not credited it yet: it will, look again in a while",
  );
}

function keep({ address, rpcUrl, units, signed }: Deposit): void {
  sessionStorage.setItem(KEY, JSON.stringify({ address, rpcUrl, units: String(units), signed }));
}

function restored(): Deposit | null {
  const kept = sessionStorage.getItem(KEY);
  if (kept === null) return null;
  const { address, rpcUrl, units, signed } = JSON.parse(kept) as Record<
    "address" | "rpcUrl" | "units",
    string
  > & {
    signed: Signed;
  };
  return { address, rpcUrl, units: BigInt(units), stage: "sent", signed, error: null };
}
