/** An index of documents, and how to ask it. */
import { Address } from "@/ui/Address";
import { Card } from "@/ui/Card";
import { Code } from "@/ui/Code";
import { Facts } from "@/ui/Facts";
import { number } from "@/ui/text";
import styles from "./results.module.css";
import type { Index } from "./shapes";

export function IndexResult({ index }: { index: Index }) {
  return (
    <Card title="Index">
      <Facts
        facts={[
          ["Documents", number(index.documents)],
          [
            "Left out",
            index.skippedDocuments > 0 ? `${number(index.skippedDocuments)}; manifest.json says why` : null,
          ],
          ["Passages", number(index.chunks)],
          ["Embedded now", number(index.embeddedChunks)],
          ["Taken over", index.reusedChunks > 0 ? number(index.reusedChunks) : null],
          ["Numbers of a vector", number(index.dimension)],
          ["Model", index.model],
          ["Model's file", <Address key="model" value={index.modelSha256} kind="digest" />],
        ]}
      />
      <p className={styles.figures}>Download the files below into one folder, and ask it:</p>
      <Code label="Command">{'hypernode rag query ./index "What is a lease?"'}</Code>
    </Card>
  );
}
