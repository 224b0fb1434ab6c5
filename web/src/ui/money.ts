/** HYPER: whole base units inside, decimals at the edges. */

export const DECIMALS = 6;
const UNIT = 10n ** BigInt(DECIMALS);

/** An amount as the API writes it (a JSON number with at most 6 decimals) in base units. */
export function fromApi(hyper: number): bigint {
  // Below 2^53 base units the nearest integer is the amount; the whole supply is a tenth of that.
  return BigInt(Math.round(hyper * Number(UNIT)));
}

/** An amount as the API takes it: a decimal string, exact. */
export function toApi(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(DECIMALS + 1, "0");
  const decimals = digits.slice(-DECIMALS).replace(/0+$/, "");
  const whole = digits.slice(0, -DECIMALS);
  return `${units < 0n ? "-" : ""}${whole}${decimals && "."}${decimals}`;
}

/** An amount to be read: `1,234.5`. */
export function formatHyper(units: bigint): string {
  const [whole = "", decimals] = toApi(units).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

/** What a person typed, in base units; null if it is no amount of HYPER. */
export function parseHyper(text: string): bigint | null {
  const match = /^(\d{1,12})?(?:\.(\d{1,6}))?$/.exec(text.trim().replaceAll(",", ""));
  if (match === null || (match[1] === undefined && match[2] === undefined)) return null;
  return BigInt(match[1] ?? "0") * UNIT + BigInt((match[2] ?? "").padEnd(DECIMALS, "0"));
}
