/** The same checks without this page. */
import { Card } from "@/ui/Card";
import { Code } from "@/ui/Code";

interface Props {
  jobId: string | undefined;
  rpcUrl: string;
  networkKey: string;
}

export function Elsewhere({ jobId, rpcUrl, networkKey }: Props) {
  const job = jobId !== undefined && /^[\w-]+$/.test(jobId) ? jobId : "JOB_ID";
  const command = [
    `hypernode receipt get ${job} -o receipt.json`,
    `hypernode receipt verify receipt.json --rpc-url ${quoted(rpcUrl, "RPC_URL")} --signer ${quoted(networkKey, "KEY")}`,
  ].join("\n");
  return (
    <Card title="Check it without this page">
      <Code label="Commands" wrap>
        {command}
      </Code>
    </Card>
  );
}

/** What somebody typed is not pasted into a shell unless it is plain. */
function quoted(text: string, instead: string): string {
  return /^[\w:/.@%~-]+$/.test(text) ? text : instead;
}
