import { Page } from "@/ui/Page";

export default function Verify() {
  return (
    <Page
      title="Verify a receipt"
      lead="Check a receipt against the chain in your browser, without trusting this server."
    />
  );
}
