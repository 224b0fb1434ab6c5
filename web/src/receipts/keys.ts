/** Solana's keys and signatures: ed25519, written in base58. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { getBase58Decoder, getBase58Encoder, type ReadonlyUint8Array } from "@solana/kit";

export const SIGNATURE_BYTES = 64;
export const ADDRESS_BYTES = 32;
const LONGEST = { [SIGNATURE_BYTES]: 88, [ADDRESS_BYTES]: 44 };

export function writeBase58(bytes: ReadonlyUint8Array): string {
  return getBase58Decoder().decode(bytes);
}

/** The bytes of a text in base58; null if it is not how this many bytes are written. */
export function readBase58(
  text: string,
  size: typeof SIGNATURE_BYTES | typeof ADDRESS_BYTES,
): Uint8Array | null {
  if (text.length > LONGEST[size]) return null; // Decoding takes time by the square of the length.
  try {
    const bytes = Uint8Array.from(getBase58Encoder().encode(text));
    return bytes.length === size && writeBase58(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

/** Whether the wallet signed these very bytes. Not by WebCrypto: that is missing where a page came over plain http. */
export function isSignedBy(
  address: string,
  signature: ReadonlyUint8Array,
  message: ReadonlyUint8Array,
): boolean {
  const key = readBase58(address, ADDRESS_BYTES);
  if (key === null || signature.length !== SIGNATURE_BYTES) return false;
  // Strict, as Solana's own libraries are: no small keys, nothing that can be written in two ways.
  return ed25519.verify(Uint8Array.from(signature), Uint8Array.from(message), key, { zip215: false });
}
