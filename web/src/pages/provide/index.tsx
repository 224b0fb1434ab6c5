import { Page } from "@/ui/Page";

export default function Provide() {
  return (
    <Page
      title="Provide"
      lead="Let your GPU earn HYPER: register a node, start it with one command, and see what it earns."
    />
  );
}
