/** Receipts checked by a stranger, as in `hypernode.chain.verify`: the same checks by the same names. */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { findAnchor } from "./anchor";
import { type Receipt, type ReceiptFile, signedBytes } from "./file";
import { ADDRESS_BYTES, isSignedBy, readBase58, SIGNATURE_BYTES } from "./keys";
import { leafHash, rootFrom } from "./merkle";
import { type Rpc, RpcError } from "./rpc";

export type CheckName = "signer" | "signature" | "cost" | "inclusion" | "anchor";

/** What stands in the way of a check: what was expected, and what was found instead. */
export interface Difference {
  of: string;
  expected: string;
  found: string;
}

/** One thing that was checked, and a sentence on what was found. */
export interface Check {
  name: CheckName;
  verdict: "ok" | "failed" | "not checked";
  detail: string;
  difference?: Difference;
  /** What to do so that it can be checked. */
  advice?: string;
}

/** What the file alone can prove. The tree's size and the anchor's truth need the chain: see `checkAnchor`. */
export function checkFile(file: ReceiptFile, trustedSigner: string | null): Check[] {
  return [
    checkSigner(file, trustedSigner),
    checkSignature(file),
    checkCost(file.receipt),
    checkInclusion(file),
  ];
}

/** Whether the signature in the file is its signer's, over this very receipt. */
export function isSigned({ signature, signer }: ReceiptFile, receipt: Receipt): boolean {
  const bytes = readBase58(signature, SIGNATURE_BYTES);
  return bytes !== null && isSignedBy(signer, bytes, signedBytes(receipt));
}

function checkSigner({ signer }: ReceiptFile, trusted: string | null): Check {
  if (trusted === null) {
    return notChecked("signer", `signed by ${signer}; name the network's key to compare it`);
  }
  if (signer !== trusted) {
    return failed("signer", `signed by ${signer}, not by the network's key ${trusted}`, {
      of: "Key that signed",
      expected: trusted,
      found: signer,
    });
  }
  return ok("signer", `signed by the network's key ${trusted}`);
}

function checkSignature(file: ReceiptFile): Check {
  if (readBase58(file.signature, SIGNATURE_BYTES) === null) {
    return failed("signature", "it is not 64 bytes in base58");
  }
  if (readBase58(file.signer, ADDRESS_BYTES) === null) {
    return failed("signature", `the signer ${file.signer} is no address`);
  }
  if (!isSigned(file, file.receipt)) {
    return failed("signature", `${file.signer} did not sign this receipt: it, or the signature, was altered`);
  }
  return ok("signature", "covers the whole receipt");
}

function checkCost({ providerPart, networkPart, cost, units, unit }: Receipt): Check {
  const parts = providerPart + networkPart;
  if (parts !== cost) {
    return failed("cost", `the parts add up to ${parts} base units, the cost is ${cost}`, {
      of: "Cost in base units",
      expected: String(parts),
      found: String(cost),
    });
  }
  return ok("cost", `${units} ${unit} for ${cost} base units; the parts add up`);
}

function checkInclusion({ receipt, merkle }: ReceiptFile): Check {
  if (merkle === null) return notChecked("inclusion", "the receipt is in no batch yet");
  const { leafIndex, treeSize, root, proof } = merkle;
  const reached = rootFrom(leafHash(signedBytes(receipt)), leafIndex, treeSize, proof.map(hexToBytes));
  if (reached === null || bytesToHex(reached) !== root) {
    const place = `${leafIndex} of ${treeSize}`;
    return failed(
      "inclusion",
      `the proof does not lead from this receipt, as leaf ${place}, to root ${root}`,
      {
        of: "Root of the batch",
        expected: root,
        found: reached ? bytesToHex(reached) : "none: the proof has another length",
      },
    );
  }
  return ok("inclusion", `leaf ${leafIndex} of ${treeSize} under root ${root}`);
}

/** Whether the chain holds the tree's root. A node that cannot be asked leaves that unchecked. */
export async function checkAnchor(file: ReceiptFile, rpc: Rpc | null): Promise<Check> {
  const { anchor, merkle, receipt, signer } = file;
  if (anchor === null || merkle === null) {
    if (anchor !== null) return failed("anchor", "there is an anchor but no proof that leads to it");
    return notChecked("anchor", "the receipt is not anchored yet");
  }
  if (anchor.genesisHash !== receipt.network) {
    return failed("anchor", `it is on cluster ${anchor.genesisHash}, the receipt on ${receipt.network}`, {
      of: "Cluster",
      expected: receipt.network,
      found: anchor.genesisHash,
    });
  }
  if (readBase58(anchor.transaction, SIGNATURE_BYTES) === null) {
    return failed("anchor", `${anchor.transaction} is no chain transaction's signature`);
  }
  if (rpc === null) return notChecked("anchor", "needs an RPC node");
  try {
    const genesisHash = await rpc.call("getGenesisHash");
    if (genesisHash !== anchor.genesisHash) {
      const served = `${rpc.url} serves cluster ${String(genesisHash)}, the anchor is on ${anchor.genesisHash}`;
      return { ...notChecked("anchor", served), advice: "Name an RPC of the anchor's network." };
    }
    const tree = { root: merkle.root, size: String(merkle.treeSize) };
    const found = await findAnchor(rpc, anchor.transaction, tree, signer);
    if ("problem" in found) {
      return failed(
        "anchor",
        found.problem,
        found.found && { of: "Root and size on the chain", expected: shown(found.found), found: shown(tree) },
      );
    }
    if (found.slot !== anchor.slot) {
      return failed("anchor", `the chain transaction landed in slot ${found.slot}, not ${anchor.slot}`, {
        of: "Slot",
        expected: String(found.slot),
        found: String(anchor.slot),
      });
    }
    return ok("anchor", `chain transaction ${anchor.transaction} in slot ${found.slot}, finalized`);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return {
      ...notChecked("anchor", `the node gave no answer: ${error.message}`),
      advice: error.advice,
    };
  }
}

function shown({ root, size }: { root: string; size: string }): string {
  return `${root} of ${size}`;
}

function ok(name: CheckName, detail: string): Check {
  return { name, verdict: "ok", detail };
}

function failed(name: CheckName, detail: string, difference?: Difference): Check {
  return { name, verdict: "failed", detail, ...(difference && { difference }) };
}

function notChecked(name: CheckName, detail: string): Check {
  return { name, verdict: "not checked", detail };
}
