/** API keys: what they may do, for how long, and how they stand. */
import type { Schemas } from "@/api/client";
import { parseHyper, toApi } from "@/ui/money";

export type ApiKey = Schemas["ApiKey"];

export const SCOPES = [
  ["jobs", "Jobs", "Submit jobs, pay for them, read their results, cancel them"],
  ["nodes", "Nodes", "Register, change and deregister your nodes"],
  ["wallet", "Wallet", "Read the statement, withdraw to this wallet"],
  ["keys", "Keys", "List and revoke API keys; a key can make none"],
] as const;
export type Scope = (typeof SCOPES)[number][0];

const DAY_S = 86_400;
export const LIVES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
  { value: "never", label: "Until it is revoked" },
] as const;
export type Life = (typeof LIVES)[number]["value"];

export interface KeyDraft {
  name: string;
  scopes: readonly Scope[];
  life: Life;
  spendingLimit: string;
}

export const BLANK: KeyDraft = { name: "", scopes: ["jobs"], life: "30", spendingLimit: "" };

/** What is wrong, by the field's name in the API. */
export function faultsIn({ scopes, spendingLimit }: KeyDraft): { scopes?: string; spendingLimit?: string } {
  return {
    ...(scopes.length === 0 && { scopes: "Choose at least one" }),
    ...(spendingLimit.trim() !== "" &&
      parseHyper(spendingLimit) === null && {
        spendingLimit: "An amount with at most 6 decimals, or nothing",
      }),
  };
}

export function bodyOf({ name, scopes, life, spendingLimit }: KeyDraft): Schemas["CreateKey"] {
  const limit = parseHyper(spendingLimit);
  return {
    name: name.trim(),
    scopes: [...scopes],
    ...(life !== "never" && { expiresIn: Number(life) * DAY_S }),
    ...(limit !== null && { spendingLimit: toApi(limit) }),
  };
}

export function stateOf({ revokedAt, expiresAt }: ApiKey, now: number): "active" | "expired" | "revoked" {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && Date.parse(expiresAt) <= now ? "expired" : "active";
}
