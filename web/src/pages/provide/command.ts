/** The commands that start a node. */
import { toApi } from "@/ui/money";

interface Start {
  /** Where the network is. */
  origin: string;
  /** Base units an hour. */
  price: bigint;
}

/** For a machine that was registered here: its token says which node it is, and who is paid. */
export function firstStart({ origin, price, token }: Start & { token: string }): string {
  // In the environment, since every user of a machine sees its processes' arguments.
  return `HYPERNODE_NODE_TOKEN=${token} \\\n  hypernode node start --coordinator ${origin} \\\n  --price ${toApi(price)}`;
}

/** For a machine on which it ran before, and which keeps its token. */
export function nextStart({ origin, price, wallet }: Start & { wallet: string }): string {
  return `hypernode node start --coordinator ${origin} \\\n  --wallet ${wallet} --price ${toApi(price)}`;
}
