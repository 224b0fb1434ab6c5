/** Small texts that several components write. */

/** Class names, those that hold. */
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}

/** `9xQe…VFin`: an address, a signature or a digest, to be recognized and not to be copied. */
export function short(value: string, chars = 4): string {
  return value.length <= 2 * chars + 1 ? value : `${value.slice(0, chars)}…${value.slice(-chars)}`;
}

/** `llm_inference` as `LLM inference`: a name of the API, to be read. */
export function words(name: string): string {
  const text = name.replaceAll("_", " ").replace(/\b(llm|rag|gpu)\b/gi, (short) => short.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `1,234.5`. */
export function number(value: number): string {
  return WHOLE.format(value);
}

/** `1.2K`, for where there is little room. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** `1 node`, `2 nodes`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${number(amount)} ${amount === 1 ? one : many}`;
}

/** `1.5 MB`. */
export function bytes(size: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), 4);
  return `${number(Number((size / 1000 ** power).toPrecision(3)))} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

const STEPS: [unit: string, seconds: number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** `1 h 5 min`, `42 s`: how long something takes. */
export function duration(seconds: number): string {
  if (seconds < 1) return seconds <= 0 ? "0 s" : `${Math.max(1, Math.round(seconds * 1000))} ms`;
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of STEPS) {
    const amount = Math.floor(rest / size);
    if (amount === 0 && parts.length === 0) continue;
    if (amount > 0) parts.push(`${amount} ${unit}`);
    rest -= amount * size;
    if (parts.length === 2 || rest === 0) break;
  }
  return parts.join(" ");
}
