import { Page } from "@/ui/Page";

export default function Network() {
  return (
    <Page
      title="Network"
      lead="GPU compute with verified results, certain pay and portable receipts, as it happens."
    />
  );
}
