import { expect, it } from "vitest";
import { signInFields } from "./siws";

it("reads every field of the coordinator's challenge", () => {
  const message = `localhost:3001 wants you to sign in with your Solana account:
9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin

Sign in to Hypernode. This moves no money.

URI: http://localhost:3001
Version: 1
Chain ID: localnet
Nonce: 00ff
Issued At: 2026-11-28T10:00:00Z
Expiration Time: 2026-11-28T10:05:00Z`;
  expect(signInFields(message)).toEqual({
    domain: "localhost:3001",
    address: "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin",
    statement: "Sign in to Hypernode. This moves no money.",
    uri: "http://localhost:3001",
    version: "1",
    chainId: "localnet",
    nonce: "00ff",
    issuedAt: "2026-11-28T10:00:00Z",
    expirationTime: "2026-11-28T10:05:00Z",
  });
});
