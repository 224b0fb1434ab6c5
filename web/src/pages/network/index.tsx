/** The network as it is: for those who take part, and for those who watch it. */
import { Page } from "@/ui/Page";
import { Activity } from "./Activity";
import { Breakdown } from "./Breakdown";
import { ChainFacts } from "./ChainFacts";
import { Figures } from "./Figures";
import { NodeMap } from "./NodeMap";
import { Receipts } from "./Receipts";

export default function Network() {
  return (
    <Page
      title="Network"
      lead="GPU compute with verified results, certain pay and portable receipts, as it happens."
    >
      <Figures />
      <Activity />
      <NodeMap />
      <Breakdown />
      <Receipts />
      <ChainFacts />
    </Page>
  );
}
