import { Plus, Server } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { NeedsWallet } from "@/wallet/NeedsWallet";
import { useWallet } from "@/wallet/WalletContext";
import { EarningStats, Earnings } from "./Earnings";
import { NodeCard } from "./NodeCard";
import { RegisterDialog } from "./RegisterDialog";
import { Steps } from "./Steps";
import { useMarket, useNodes } from "./useNodes";

const LEAD = "Let your GPU earn HYPER: register a node, start it with one command, and see what it earns.";

export default function Provide() {
  const { address } = useWallet();
  const market = useMarket();
  if (address !== null) return <Mine wallet={address} market={market} />;
  return (
    <Page title="Provide" lead={LEAD}>
      <Card>
        <NeedsWallet why="Your nodes belong to your wallet, and it is paid for their jobs. Signing in moves no money.">
          {() => null}
        </NeedsWallet>
      </Card>
      <Steps market={market} />
    </Page>
  );
}

function Mine({ wallet, market }: { wallet: string; market: ReturnType<typeof useMarket> }) {
  const [isRegistering, setRegistering] = useState(false);
  const { data, error, refetch, isRefetching } = useNodes(wallet);
  const nodes = data?.nodes;
  const register = (
    <Button variant="primary" icon={<Plus />} onClick={() => setRegistering(true)}>
      Register a GPU
    </Button>
  );
  return (
    <Page title="Provide" lead={LEAD} aside={nodes?.length !== 0 && register}>
      {error && <Problem error={error} onRetry={refetch} retrying={isRefetching} />}
      {nodes?.length === 0 ? (
        <>
          <Card>
            <Empty icon={<Server />} title="No node yet" action={register}>
              A machine that you register here earns HYPER for each job that it does.
            </Empty>
          </Card>
          <Steps market={market} />
        </>
      ) : (
        <>
          <EarningStats wallet={wallet} nodes={nodes} />
          {nodes?.map((node) => <NodeCard key={node.nodeId} node={node} market={market ?? undefined} />) ??
            (!error && <Waiting />)}
        </>
      )}
      {nodes?.length !== 0 && <Earnings wallet={wallet} nodes={nodes} />}
      <RegisterDialog
        wallet={wallet}
        nodes={nodes ?? []}
        market={market ?? undefined}
        open={isRegistering}
        onOpenChange={setRegistering}
      />
    </Page>
  );
}

/** Holds the place of a node. */
function Waiting() {
  return (
    <Card title={<Skeleton width="12rem" />}>
      <Skeleton width="100%" height="20rem" />
    </Card>
  );
}
