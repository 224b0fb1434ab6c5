import { Page } from "@/ui/Page";

export default function Compute() {
  return (
    <Page title="Compute" lead="Run a job on somebody's GPU: see what it costs first, and watch it run." />
  );
}
