/** The wallet's nodes as they are now, and what their owner does with them. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, queries } from "@/api/client";
import { toApi } from "@/ui/money";
import { hasNeverRun, type Node } from "./node";
import { marketOf } from "./reasons";

const NODES_MS = 5_000;
const MARKET_MS = 60_000;
const MOST_NODES = 1_000;
/** The coordinator writes down what a node is asked a moment later. */
const NOTED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 500;

export function useNodes(wallet: string) {
  return queries.useQuery(
    "get",
    "/api/nodes/wallet/{wallet}",
    { params: { path: { wallet }, query: { limit: MOST_NODES } } },
    { refetchInterval: NODES_MS },
  );
}

/** What the nodes that are online ask. */
export function useMarket() {
  return queries.useQuery(
    "get",
    "/api/nodes",
    { params: { query: { status: "online", limit: MOST_NODES } } },
    {
      staleTime: MARKET_MS,
      refetchInterval: MARKET_MS,
      select: ({ nodes }) => marketOf(nodes.filter((node) => !hasNeverRun(node))) ?? null,
    },
  ).data;
}

export function useNodesChanged(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ["get", "/api/nodes/wallet/{wallet}"] });
}

export function useDraining(node: Node) {
  const changed = useNodesChanged();
  return useMutation({
    mutationFn: async (status: "draining" | "online") => {
      const params = { path: { node_id: node.nodeId } };
      await api.POST("/api/nodes/{node_id}/heartbeat", { params, body: { status } });
      for (const until = Date.now() + NOTED_WITHIN_MS; Date.now() < until;) {
        const now = await answered(api.GET("/api/nodes/{node_id}", { params }));
        if ((now.node.status === "draining") === (status === "draining")) return;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    },
    onSettled: changed,
  });
}

export function usePricing(node: Node, onDone: () => void) {
  const changed = useNodesChanged();
  return useMutation({
    mutationFn: (price: bigint) => {
      const { walletAddress, machineId } = node;
      return answered(
        api.POST("/api/nodes/register", { body: { walletAddress, machineId, price: toApi(price) } }),
      );
    },
    onSuccess: onDone,
    onSettled: changed,
  });
}

export function useRemoval(node: Node, onDone: () => void) {
  const changed = useNodesChanged();
  return useMutation({
    mutationFn: () => {
      const params = { path: { node_id: node.nodeId } };
      return api.DELETE("/api/nodes/{node_id}", { params, body: { walletAddress: node.walletAddress } });
    },
    onSuccess: onDone,
    onSettled: changed,
  });
}
