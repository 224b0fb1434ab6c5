/** What the receipt says, to be read. */
import { useChain } from "@/api/chain";
import type { ReceiptFile } from "@/receipts/file";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Status } from "@/ui/Status";
import { duration, number, words } from "@/ui/text";

/** The job, its cost and its verdict. */
export function Statement({ file: { receipt } }: { file: ReceiptFile }) {
  const seconds = (Date.parse(receipt.endedAt) - Date.parse(receipt.startedAt)) / 1000;
  return (
    <Card title="What it says">
      <Facts
        facts={[
          ["Job", <Address key="job" value={receipt.jobId} kind="digest" />],
          ["Type", words(receipt.jobType)],
          ["Model", receipt.model || null],
          ["Done", `${number(receipt.units)} ${receipt.unit}`],
          ["Ended", <Ago key="ended" at={receipt.endedAt} />],
          ["Took", duration(seconds)],
          ["Cost", <Amount key="cost" value={BigInt(receipt.cost)} />],
          ["To the provider", <Amount key="provider" value={BigInt(receipt.providerPart)} />],
          ["To the network", <Amount key="network" value={BigInt(receipt.networkPart)} />],
          ["Verdict", <Status key="verdict" of={receipt.verdict} />],
          ["Assurance asked for", words(receipt.assurance)],
        ]}
      />
    </Card>
  );
}

/** Who took part, the digests, and the receipt's place on the chain. */
export function Parties({ file: { receipt, merkle, anchor, signer } }: { file: ReceiptFile }) {
  const { artifacts } = receipt;
  // This network's explorer shows no other network's chain transactions.
  const isHere = useChain().data?.genesisHash === receipt.network;
  const files = artifacts.map((sha256) => <Address key={sha256} value={sha256} kind="digest" />);
  return (
    <Card title="Who, and where it stands">
      <Facts
        facts={[
          ["Customer", <Address key="customer" value={receipt.customer} />],
          ["Provider", <Address key="provider" value={receipt.provider} />],
          ["Node", <Address key="node" value={receipt.nodeId} kind="digest" />],
          ["Signed by", <Address key="signer" value={signer} />],
          ["Input digest, salted", <Address key="input" value={receipt.inputDigest} kind="digest" />],
          ["Result digest", <Address key="result" value={receipt.resultDigest} kind="digest" />],
          ["Files", files.length > 0 ? files : null],
          ["Batch", merkle && `leaf ${number(merkle.leafIndex)} of ${number(merkle.treeSize)}`],
          [
            "Chain transaction",
            anchor && <Address key="tx" value={anchor.transaction} kind={isHere ? "tx" : "digest"} />,
          ],
          ["Slot", anchor && number(anchor.slot)],
          ["Cluster", <Address key="cluster" value={receipt.network} kind="digest" />],
        ]}
      />
    </Card>
  );
}
