import { expect, it } from "vitest";
import { explorerLink } from "./explorer";

it("keeps the cluster that the explorer is to look at", () => {
  expect(explorerLink("https://explorer.example/?cluster=devnet", "tx", "abc")).toBe(
    "https://explorer.example/tx/abc?cluster=devnet",
  );
  expect(explorerLink("https://explorer.example", "address", "abc")).toBe(
    "https://explorer.example/address/abc",
  );
});

it("sends nobody to an explorer that cannot reach the chain", () => {
  const custom = "https://explorer.example/?cluster=custom&customUrl=http%3A%2F%2Flocalhost%3A8899";
  expect(explorerLink(custom, "tx", "abc")).toBeNull();
});
