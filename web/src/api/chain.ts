/** Which chain the network is on: facts that rarely change. */
import { queries, type Schemas } from "./client";

const FRESH_MS = 60_000;

export function useChain() {
  return queries.useQuery(
    "get",
    "/api/metrics/validation",
    { params: { query: { limit: 1 } } },
    { staleTime: FRESH_MS, select: (answer): Schemas["Blockchain"] => answer.validation.blockchain },
  );
}
