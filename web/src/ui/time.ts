/** Times relative to now. */

const STEPS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const JUST_NOW_S = 10;
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const EXACT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long" });

/** `3 minutes ago`, `in 2 hours`. */
export function ago(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < JUST_NOW_S) return "just now";
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  return step
    ? RELATIVE.format(Math.trunc(seconds / step[1]), step[0])
    : RELATIVE.format(Math.trunc(seconds), "second");
}

/** The day and time, to the second, in the reader's time zone. */
export function exact(at: number): string {
  return EXACT.format(at);
}
