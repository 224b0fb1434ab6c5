/** What a wallet has on the chain, and a localnet's faucet. */
import { WalletProblem } from "@/wallet/accounts";

export interface Holdings {
  /** Base units of HYPER. */
  units: bigint;
  lamports: bigint;
}

const LAMPORTS_PER_SOL = 1_000_000_000;
const FAUCET_UNITS = 100_000_000;
const POLL_MS = 500;
const PATIENCE_MS = 60_000;

export async function holdings(rpcUrl: string, owner: string, mint: string): Promise<Holdings> {
  const options = { commitment: "confirmed", encoding: "jsonParsed" };
  const [tokens, sol] = await Promise.all([
    call<Tokens>(rpcUrl, "getTokenAccountsByOwner", [owner, { mint }, options]),
    call<{ value: number }>(rpcUrl, "getBalance", [owner, options]),
  ]);
  const amounts = tokens.value.map(({ account }) => BigInt(account.data.parsed.info.tokenAmount.amount));
  return { units: amounts.reduce((sum, each) => sum + each, 0n), lamports: BigInt(sol.value) };
}

/** Play money: 100 HYPER, and SOL for fees. Returns once the chain has confirmed both. */
export async function drip(rpcUrl: string, owner: string): Promise<void> {
  const signatures = [
    await call<string>(rpcUrl, "requestAirdrop", [owner, LAMPORTS_PER_SOL]),
    await call<string>(rpcUrl, "hypernode_faucet", [owner, FAUCET_UNITS]),
  ];
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
    const { value } = await call<Statuses>(rpcUrl, "getSignatureStatuses", [signatures]);
    if (value.every((each) => /confirmed|finalized/.test(each?.confirmationStatus ?? ""))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new WalletProblem("The faucet's transfers were not confirmed: see that the localnet runs");
}

interface Tokens {
  value: { account: { data: { parsed: { info: { tokenAmount: { amount: string } } } } } }[];
}

interface Statuses {
  value: ({ confirmationStatus: string } | null)[];
}

async function call<Result>(rpcUrl: string, method: string, params: unknown[]): Promise<Result> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(rpcUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  }).catch(() => {
    throw new WalletProblem(`The Solana node at ${rpcUrl} does not answer`);
  });
  const given = (await answer.json()) as { result: Result; error?: { message: string } };
  if (given.error) throw new WalletProblem(`The Solana node refused ${method}: ${given.error.message}`);
  return given.result;
}
