/** HYPER from a wallet to the network's vault: built here, signed by the wallet, followed until it is final. */
import {
  AccountRole,
  address,
  appendTransactionMessageInstructions,
  type Base64EncodedWireTransaction,
  type Blockhash,
  createSolanaRpc,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  isSolanaError,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  type Signature,
  signTransactionMessageWithSigners,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE,
  SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_NOT_FOUND,
  SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_FEE,
  type TransactionSigner,
} from "@solana/kit";
import {
  findAssociatedTokenPda,
  getCreateAssociatedTokenIdempotentInstruction,
  getTransferCheckedInstruction,
} from "@solana-program/token";
import type { Schemas } from "@/api/client";
import { asApiError } from "@/api/errors";
import { WalletProblem } from "./accounts";

/** A signed transfer: all that it takes to follow it on, in another life of the page as well. */
export interface Signed {
  signature: string;
  /** Base64. Whoever has it can do no more than the wallet agreed to. */
  wire: string;
  lastValidBlockHeight: string;
}

export type TransferStep =
  | { name: "preparing" }
  | { name: "signing" }
  /** Keep it before it leaves: from here on it may land. */
  | { name: "sending"; signed: Signed }
  /** Sent, and not yet final: the same bytes are sent again until they are. */
  | { name: "sent"; signature: string; confirmed: boolean }
  | { name: "final"; signature: string };

/** The chain does not say what became of a transfer: it may still land. */
export class TransferUnknown extends WalletProblem {}

export interface Transfer {
  signer: TransactionSigner;
  vault: Pick<
    Schemas["Vault"],
    "address" | "tokenAccount" | "mint" | "tokenProgram" | "decimals" | "genesisHash"
  >;
  rpcUrl: string;
  /** Base units. */
  units: bigint;
  onStep: (step: TransferStep) => void;
}

const MEMO_PROGRAM = address("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
const POLL_MS = 1_000;
/** By then a chain transaction has landed or expired, unless the Solana node is gone. */
const PATIENCE_MS = 300_000;

type Rpc = ReturnType<typeof createSolanaRpc>;
interface Latest {
  blockhash: Blockhash;
  lastValidBlockHeight: bigint;
}

/** Returns the chain transaction's signature, once it is final. Throws a WalletProblem that says if HYPER moved. */
export async function deposit(transfer: Transfer): Promise<string> {
  const { vault, rpcUrl, onStep } = transfer;
  const rpc = createSolanaRpc(rpcUrl);
  onStep({ name: "preparing" });
  const [genesisHash, latest] = await Promise.all([
    rpc.getGenesisHash().send(),
    rpc.getLatestBlockhash().send(),
  ]).catch((error: unknown) => {
    throw new WalletProblem(`${rpcUrl} does not answer, nothing was sent: ${asApiError(error).message}`);
  });
  if (genesisHash !== vault.genesisHash) {
    throw new WalletProblem(`${rpcUrl} serves another Solana cluster than the vault's: choose another RPC`);
  }
  onStep({ name: "signing" });
  const transaction = await sign(transfer, latest.value);
  const signed = {
    signature: getSignatureFromTransaction(transaction),
    wire: getBase64EncodedWireTransaction(transaction),
    lastValidBlockHeight: String(lastHeight(transaction.lifetimeConstraint, latest.value)),
  };
  onStep({ name: "sending", signed });
  return followToFinality(rpc, signed, onStep, true);
}

/** The same for a transfer that was signed before, and perhaps sent. */
export async function resume(signed: Signed, rpcUrl: string, onStep: Transfer["onStep"]): Promise<string> {
  onStep({ name: "sent", signature: signed.signature, confirmed: false });
  return followToFinality(createSolanaRpc(rpcUrl), signed, onStep, false);
}

async function sign({ signer, vault, units }: Transfer, latest: Latest) {
  const tokenProgram = address(vault.tokenProgram);
  const mint = address(vault.mint);
  const [source] = await findAssociatedTokenPda({ owner: signer.address, mint, tokenProgram });
  // The vault has no token account before the first deposit of all.
  const create = getCreateAssociatedTokenIdempotentInstruction({
    payer: signer,
    ata: address(vault.tokenAccount),
    owner: address(vault.address),
    mint,
    tokenProgram,
  });
  const transferChecked = getTransferCheckedInstruction(
    {
      source,
      mint,
      destination: address(vault.tokenAccount),
      authority: signer,
      amount: units,
      decimals: vault.decimals,
    },
    { programAddress: tokenProgram },
  );
  // Two equal transfers on one blockhash would be one and the same chain transaction.
  const note = {
    programAddress: MEMO_PROGRAM,
    accounts: [{ address: signer.address, role: AccountRole.READONLY_SIGNER, signer }],
    data: new TextEncoder().encode(`hypernode:deposit:${crypto.randomUUID()}`),
  };
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (made) => setTransactionMessageFeePayerSigner(signer, made),
    (made) => setTransactionMessageLifetimeUsingBlockhash(latest, made),
    (made) => appendTransactionMessageInstructions([create, transferChecked, note], made),
  );
  return signTransactionMessageWithSigners(message).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WalletProblem(`The wallet did not sign, no HYPER left it: ${reason}`);
  });
}

/** A wallet may put a blockhash of its own into what it signs. */
function lastHeight(lifetime: object, latest: Latest): bigint {
  return "lastValidBlockHeight" in lifetime && typeof lifetime.lastValidBlockHeight === "bigint"
    ? lifetime.lastValidBlockHeight
    : latest.lastValidBlockHeight;
}

/** The same bytes again and again: they land once at most. */
async function followToFinality(
  rpc: Rpc,
  signed: Signed,
  onStep: Transfer["onStep"],
  isNew: boolean,
): Promise<string> {
  const { signature } = signed;
  const wire = signed.wire as Base64EncodedWireTransaction;
  const until = Date.now() + PATIENCE_MS;
  for (let isFirst = isNew; Date.now() < until; isFirst = false) {
    try {
      await rpc.sendTransaction(wire, { encoding: "base64", preflightCommitment: "confirmed" }).send();
    } catch (error) {
      // The first refusal is the node's answer to a simulation; a later one only says that it is known already.
      if (isFirst && asApiError(error).code !== "unreachable") {
        throw new WalletProblem(
          `The chain refused the transfer, no HYPER left the wallet: ${reasonIn(error)}`,
        );
      }
    }
    if (isFirst) onStep({ name: "sent", signature, confirmed: false });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const fate = await look(rpc, signed).catch(() => "unknown" as const);
    if (fate === "confirmed") onStep({ name: "sent", signature, confirmed: true });
    if (fate === "failed")
      throw new WalletProblem("The chain refused the transfer, no HYPER left the wallet");
    if (fate === "expired") {
      throw new WalletProblem("The transfer expired before it landed, no HYPER left the wallet: try again");
    }
    if (fate === "final") {
      onStep({ name: "final", signature });
      return signature;
    }
  }
  throw new TransferUnknown(
    `The Solana node does not say what became of ${signature}: look before trying again`,
  );
}

type Fate = "final" | "failed" | "confirmed" | "expired" | "unknown";

async function look(rpc: Rpc, signed: Signed): Promise<Fate> {
  // The order matters. First: is the last chance past, for good? Only then: has it landed?
  const height = await rpc.getBlockHeight({ commitment: "finalized" }).send();
  const signatures = [signed.signature as Signature];
  const statuses = await rpc.getSignatureStatuses(signatures, { searchTransactionHistory: true }).send();
  const status = statuses.value[0];
  if (!status) return height > BigInt(signed.lastValidBlockHeight) ? "expired" : "unknown";
  if (status.confirmationStatus === "finalized") return status.err === null ? "final" : "failed";
  return status.confirmationStatus === "confirmed" && status.err === null ? "confirmed" : "unknown";
}

/** Why the simulation failed: what the program said, else what the runtime did. */
function reasonIn(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (isSolanaError(cause, SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_NOT_FOUND) || lacksFee(cause)) {
    return "the wallet has no SOL for the chain's fee";
  }
  if (isSolanaError(error, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE)) {
    const said = error.context.logs?.findLast((line) => line.includes("Error: "));
    if (said !== undefined) return said.slice(said.indexOf("Error: ") + "Error: ".length);
  }
  return asApiError(cause ?? error).message;
}

function lacksFee(cause: unknown): boolean {
  return isSolanaError(cause, SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_FEE);
}
