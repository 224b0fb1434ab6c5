/** Anchors: the Merkle root of a batch of receipts in a memo on the chain, as in `hypernode.chain.anchors`. */
import {
  type CompiledTransactionMessage,
  getBase64Encoder,
  getCompiledTransactionMessageDecoder,
  getTransactionDecoder,
  type Transaction,
} from "@solana/kit";
import { isSignedBy, writeBase58 } from "./keys";
import { isRecord, type Rpc, RpcError } from "./rpc";

export const MEMO_PROGRAM = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr";
const MEMO = /^hypernode:1:([0-9a-f]{64}):([1-9][0-9]{0,15})$/;

/** A tree's root in hex, and how many receipts it covers. */
export interface Anchor {
  root: string;
  size: string;
}

/** What the chain says of an anchor: where it landed, or what is wrong; `found` is the anchor that stands there. */
export type AnchorFinding = { slot: number } | { problem: string; found?: Anchor };

export function parseMemo(text: string): Anchor | null {
  const [, root, size] = MEMO.exec(text) ?? [];
  return root === undefined || size === undefined ? null : { root, size };
}

/**
 * Whether a finalized chain transaction, signed by `signer`, anchors this tree. Throws RpcError.
 * The signatures are verified here and the memo is read from the bytes they cover: the node is believed only in that
 * the chain took them.
 */
export async function findAnchor(
  rpc: Rpc,
  signature: string,
  expected: Anchor,
  signer: string,
): Promise<AnchorFinding> {
  const options = { encoding: "base64", commitment: "finalized", maxSupportedTransactionVersion: 0 };
  const answer = await rpc.call("getTransaction", signature, options);
  if (answer === null) return { problem: `the chain has no finalized transaction ${signature}` };
  const { wire, slot, error } = landed(answer);
  if (error !== null) {
    const text = typeof error === "string" ? error : JSON.stringify(error);
    return { problem: `the chain transaction failed: ${text}` };
  }
  const { transaction, message } = decoded(wire) ?? {};
  if (!transaction || !message || !isSignedByAll(transaction, signature)) {
    return { problem: "the node's chain transaction is not the one that was signed" };
  }
  if (!Object.hasOwn(transaction.signatures, signer)) {
    return { problem: `the chain transaction is not signed by ${signer}` };
  }
  const anchors = anchorsBy(signer, message);
  if (anchors.some(({ root, size }) => root === expected.root && size === expected.size)) return { slot };
  const [found] = anchors;
  if (found === undefined) return { problem: `the chain transaction holds no anchor by ${signer}` };
  return {
    problem: `it anchors root ${found.root} of ${found.size}, not ${expected.root} of ${expected.size}`,
    found,
  };
}

/** The parts of getTransaction's answer that count here. */
function landed(answer: unknown): { wire: string; slot: number; error: unknown } {
  if (isRecord(answer) && isRecord(answer["transaction"]) && isRecord(answer["meta"])) {
    const { slot, meta, transaction } = answer;
    const wire = transaction["0"]; // The other of the two is the name of its encoding.
    if (typeof wire === "string" && typeof slot === "number")
      return { wire, slot, error: meta["err"] ?? null };
  }
  throw new RpcError("getTransaction: the answer has another form", "Name another RPC of the same network.");
}

/** Whoever runs the node may send anything: null for what is no chain transaction. */
function decoded(wire: string): { transaction: Transaction; message: CompiledTransactionMessage } | null {
  try {
    const transaction = getTransactionDecoder().decode(getBase64Encoder().encode(wire));
    return { transaction, message: getCompiledTransactionMessageDecoder().decode(transaction.messageBytes) };
  } catch {
    return null;
  }
}

function isSignedByAll({ messageBytes, signatures }: Transaction, first: string): boolean {
  const all = Object.entries(signatures);
  return (
    all[0]?.[1] != null &&
    writeBase58(all[0][1]) === first &&
    all.every(([signer, bytes]) => bytes !== null && isSignedBy(signer, bytes, messageBytes))
  );
}

function anchorsBy(signer: string, message: CompiledTransactionMessage): Anchor[] {
  if (message.version === 1) return []; // Not asked for, and so not sent.
  const keys: readonly string[] = message.staticAccounts;
  return message.instructions.flatMap(({ programAddressIndex, accountIndices = [], data }) => {
    // The memo program makes sure that every account given to it has signed.
    const isOurs =
      keys[programAddressIndex] === MEMO_PROGRAM && accountIndices.some((index) => keys[index] === signer);
    const anchor = isOurs && data ? parseMemo(new TextDecoder().decode(data)) : null;
    return anchor ? [anchor] : [];
  });
}
