import { describe, expect, it } from "vitest";
import { rounded, summary, ticks } from "./history";

describe("ticks", () => {
  it("name the newest bucket, and as many as fit", () => {
    expect(ticks(24, 6)).toEqual([3, 7, 11, 15, 19, 23]);
    expect(ticks(3, 10)).toEqual([0, 1, 2]);
    expect(ticks(5, 0)).toEqual([4]);
    expect(ticks(0, 4)).toEqual([]);
  });
});

it("leaves nothing behind that adding doubles does", () => {
  expect(rounded(0.1 + 0.2)).toBe(0.3);
});

it("tells what a chart shows", () => {
  const point = (time: string, jobs: number) => ({
    time,
    jobs,
    jobsCompleted: 0,
    nodesRegistered: 0,
    hyperPaid: 0,
  });
  const points = [point("2026-11-23T12:00:00.000Z", 1), point("2026-11-24T12:00:00.000Z", 3)];
  const history = { window: "30d" as const, bucketSeconds: 86_400, points };
  expect(summary(history, { field: "jobs", label: "Jobs" })).toBe(
    "Jobs in the last 30 days: 4, the most from Nov 24 on: 3.",
  );
  expect(summary(history, { field: "hyperPaid", label: "HYPER" })).toBe("HYPER in the last 30 days: 0.");
});
