/** What anyone can check on the chain, with the latest receipts. */
import { queries } from "@/api/client";
import { FRESH_MS } from "./fresh";

export const RECEIPTS = 8;

export function useValidation() {
  return queries.useQuery(
    "get",
    "/api/metrics/validation",
    { params: { query: { limit: RECEIPTS } } },
    { refetchInterval: FRESH_MS },
  );
}
