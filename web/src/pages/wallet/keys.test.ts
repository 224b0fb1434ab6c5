import { expect, it } from "vitest";
import { type ApiKey, BLANK, bodyOf, faultsIn, stateOf } from "./keys";

const NOW = Date.parse("2026-11-28T10:00:00Z");
const KEY = { revokedAt: null, expiresAt: null } as ApiKey;

it("asks for what the form says, and for no limit where there is none", () => {
  expect(bodyOf({ ...BLANK, name: " agent " })).toEqual({
    name: "agent",
    scopes: ["jobs"],
    expiresIn: 2_592_000,
  });
  expect(bodyOf({ ...BLANK, life: "never", spendingLimit: "0" })).toEqual({
    name: "",
    scopes: ["jobs"],
    spendingLimit: "0",
  });
});

it("refuses a key that may do nothing, and a limit that is no amount", () => {
  expect(faultsIn(BLANK)).toEqual({});
  expect(Object.keys(faultsIn({ ...BLANK, scopes: [], spendingLimit: "ten" }))).toEqual([
    "scopes",
    "spendingLimit",
  ]);
});

it.each([
  [{}, "active"],
  [{ expiresAt: "2026-11-28T10:00:00.001Z" }, "active"],
  [{ expiresAt: "2026-11-28T10:00:00.000Z" }, "expired"],
  [{ expiresAt: "2026-11-28T09:00:00.000Z", revokedAt: "2026-11-28T08:00:00.000Z" }, "revoked"],
] as [Partial<ApiKey>, string][])("says how a key with %j stands", (key, state) => {
  expect(stateOf({ ...KEY, ...key }, NOW)).toBe(state);
});
