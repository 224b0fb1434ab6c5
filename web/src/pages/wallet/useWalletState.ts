/** What the wallet has in the network, as it changes. */
import { useQueryClient } from "@tanstack/react-query";
import { paged, queries } from "@/api/client";

const EVERY_MS = 5_000;
const PAGE = 20;

export function useWalletState(wallet: string) {
  return queries.useQuery(
    "get",
    "/api/wallets/{wallet}",
    { params: { path: { wallet } } },
    { refetchInterval: EVERY_MS },
  );
}

export function usePayouts(wallet: string) {
  return queries.useInfiniteQuery(
    "get",
    "/api/wallets/{wallet}/payouts",
    { params: { path: { wallet }, query: { limit: PAGE } } },
    {
      ...paged,
      refetchInterval: EVERY_MS,
    },
  );
}

export function useStatement(wallet: string) {
  return queries.useInfiniteQuery(
    "get",
    "/api/wallets/{wallet}/statement",
    { params: { path: { wallet }, query: { limit: PAGE } } },
    {
      ...paged,
      refetchInterval: EVERY_MS,
    },
  );
}

/** Reads anew all that is shown of the wallet. */
export function useWalletChanged(): () => Promise<void> {
  const client = useQueryClient();
  return () =>
    client.invalidateQueries({
      predicate: ({ queryKey }) => String(queryKey[1]).startsWith("/api/wallets/"),
    });
}
