import { expect, it } from "vitest";
import type { Node } from "./node";
import { marketOf, reasonsFor } from "./reasons";

const GOOD = {
  status: "online",
  capacity: 2,
  price: 0.5,
  vram: 24_564,
  capabilities: ["inference", "llm_inference"],
  engines: [{ jobType: "llm_inference" }],
  metrics: { cpuPercent: 1 },
  isolation: "sandbox",
  ownJobsOnly: false,
  reputation: 100,
  checksPassed: 3,
  jobsFailed: 0,
} as unknown as Node;
const MARKET = { nodes: 3, medianPrice: 1_000_000n };

const weights = (node: Partial<Node>): string[] =>
  reasonsFor({ ...GOOD, ...node }, MARKET).map(({ weight }) => weight);
const limits = (node: Partial<Node>): string[] =>
  reasonsFor({ ...GOOD, ...node }, MARKET)
    .filter(({ weight }) => weight === "limits")
    .map(({ text }) => text);

it("finds nothing against a good node", () => {
  expect(new Set(weights({}))).toEqual(new Set(["helps"]));
});

it.each([
  [{ status: "suspended" }, /forged/],
  [{ status: "offline" }, /two minutes/],
  [{ status: "draining" }, /resume/],
  [{ engines: [], metrics: {} }, /has not been started/],
] as [Partial<Node>, RegExp][])("says alone what stops all jobs: %j", (node, text) => {
  const [only, ...others] = reasonsFor({ ...GOOD, ...node, price: 0 }, MARKET);
  expect(only?.weight).toBe("stops");
  expect(only?.text).toMatch(text);
  expect(others).toEqual([]);
});

it.each([
  [{ ownJobsOnly: true }, /--own-jobs-only/],
  [{ ownJobsOnly: true, isolation: "process" }, /doctor/],
  [{ isolation: "none" }, /pass it over/],
  [{ status: "busy" }, /all 2 slots/],
  [{ price: 0 }, /bring nothing/],
  [{ price: 1.000001 }, /asks 1\.000001 HYPER an hour, the median of 3 online nodes is 1:/],
  [{ vram: 0 }, /it has none/],
  [{ capabilities: ["render"] }, /ask for inference/],
  [{ jobsFailed: 1, reputation: 95.24 }, /^1 job failed .* 95\.24 of 100/],
] as [Partial<Node>, RegExp][])("says what keeps jobs away: %j", (node, text) => {
  expect(limits(node)).toEqual([expect.stringMatching(text) as string]);
});

it("does not count a card's reserved memory against it", () => {
  expect(limits({ vram: 8_151 })).toEqual([]);
});

it("puts what keeps jobs away before what helps", () => {
  expect(weights({ price: 0, vram: 0 }).slice(0, 2)).toEqual(["limits", "limits"]);
});

it.each([
  [[], undefined],
  [[2], 2_000_000n],
  [[3, 1, 2], 2_000_000n],
  [[4, 1, 2, 3], 2_500_000n],
])("takes the median of %j", (prices, median) => {
  expect(marketOf(prices.map((price) => ({ price })))?.medianPrice).toBe(median);
});
