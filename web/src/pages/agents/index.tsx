import { Page } from "@/ui/Page";

export default function Agents() {
  return <Page title="Agents" lead="How an agent uses the network, with snippets that work as pasted." />;
}
