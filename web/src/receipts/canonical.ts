/** The one text of a JSON value, as `hypernode.domain.receipt.canonical_json` writes it: what signatures and digests cover. */

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export class NotCanonical extends Error {
  override readonly name = "NotCanonical";
}

const UTF8 = new TextEncoder();

/** Keys sorted by code point, no spaces, UTF-8. Throws NotCanonical for numbers that JSON readers do not keep exact. */
export function canonicalBytes(value: Json): Uint8Array {
  return UTF8.encode(canonicalText(value));
}

export function canonicalText(value: Json): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new NotCanonical(`${value} is no exact integer`);
  }
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) {
    throw new NotCanonical("half a surrogate pair is no text");
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalText).join(",")}]`;
  const entries = Object.entries(value)
    .flatMap(([key, inner]) => (inner === undefined ? [] : [[key, inner] as const]))
    .sort(([one], [other]) => byCodePoint(one, other))
    .map(([key, inner]) => `${canonicalText(key)}:${canonicalText(inner)}`);
  return `{${entries.join(",")}}`;
}

/** JavaScript compares strings by UTF-16 units, and so puts some astral characters before others of the plane below. */
function byCodePoint(one: string, other: string): number {
  const [left, right] = [Array.from(one, codePoint), Array.from(other, codePoint)];
  const at = left.findIndex((value, index) => value !== right[index]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
