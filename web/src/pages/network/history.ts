/** What is shown of the network's history, and how its times are written. */
import type { Schemas } from "@/api/client";

export type WindowName = Schemas["History"]["window"];
export type Field = "jobs" | "jobsCompleted" | "hyperPaid" | "nodesRegistered";

export interface Measure {
  field: Field;
  label: string;
}

export const WINDOWS: readonly (readonly [name: WindowName, label: string, whole: string])[] = [
  ["24h", "24 h", "The last 24 hours"],
  ["7d", "7 d", "The last 7 days"],
  ["30d", "30 d", "The last 30 days"],
];

export const MEASURES: readonly Measure[] = [
  { field: "jobs", label: "Jobs submitted" },
  { field: "jobsCompleted", label: "Jobs completed" },
  { field: "hyperPaid", label: "HYPER paid to providers" },
  { field: "nodesRegistered", label: "Nodes registered" },
];

export const CHART_HEIGHT = 148;

const DECIMALS = 1e6;

/** A sum of amounts, without what adding doubles leaves behind. */
export function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}

const HOUR = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const DAY_HOUR = new Intl.DateTimeFormat("en", {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** A bucket's time on an axis. */
export function tickName(time: string, window: WindowName): string {
  return (window === "24h" ? HOUR : DAY).format(Date.parse(time));
}

/** A bucket's time in a sentence or a table. */
export function spanName(time: string, window: WindowName): string {
  return (window === "30d" ? DAY : DAY_HOUR).format(Date.parse(time));
}

/** Which buckets are named on an axis that has room for so many names: evenly spaced, the newest among them. */
export function ticks(length: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, most)));
  return Array.from({ length }, (_, index) => index).filter((index) => (length - 1 - index) % step === 0);
}

/** What the chart shows, for those who do not see it. */
export function summary({ window, points }: Schemas["History"], { field, label }: Measure): string {
  const whole = WINDOWS.find(([name]) => name === window)?.[2].toLowerCase() ?? "";
  const total = rounded(points.reduce((sum, point) => sum + point[field], 0));
  const top = points.reduce<Schemas["HistoryPoint"] | undefined>(
    (best, point) => (point[field] > (best?.[field] ?? 0) ? point : best),
    undefined,
  );
  const most = top ? `, the most from ${spanName(top.time, window)} on: ${top[field]}` : "";
  return `${label} in ${whole}: ${total}${most}.`;
}
