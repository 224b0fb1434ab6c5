/** Proofs in Merkle trees as Certificate Transparency has them (RFC 6962), as in `hypernode.domain.merkle`. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The hash of an entry. Its prefix differs from a node's, so that no node can pass for an entry. */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF, data));
}

/**
 * The root that a proof leads to from a leaf at an index of a tree of this size (RFC 9162, section 2.1.3.2); null
 * where the proof has the wrong length. The root does not pin the size in every case: compare both with the anchor.
 */
export function rootFrom(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | null {
  if (index < 0 || index >= size) return null;
  // Sizes go up to 2^53, where bit operations on numbers do not.
  let position = BigInt(index);
  let last = BigInt(size - 1);
  let reached = leaf;
  for (const sibling of proof) {
    if (last === 0n) return null;
    if (position & 1n || position === last) {
      reached = sha256(concatBytes(NODE, sibling, reached));
      while (position && !(position & 1n)) {
        position >>= 1n;
        last >>= 1n;
      }
    } else {
      reached = sha256(concatBytes(NODE, reached, sibling));
    }
    position >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? reached : null;
}
