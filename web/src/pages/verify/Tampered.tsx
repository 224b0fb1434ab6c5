/** What was changed in a receipt that fails, where an original that proves itself can be had. */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { ReactNode } from "react";
import { type Receipt, type ReceiptFile, signedBytes } from "@/receipts/file";
import { leafHash } from "@/receipts/merkle";
import { changes, proven, restored } from "@/receipts/original";
import type { Check } from "@/receipts/verify";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";
import { Differs } from "./Differs";
import { useReceiptOf } from "./useReceiptOf";
import styles from "./verify.module.css";

interface Props {
  file: ReceiptFile;
  checks: readonly (Check | undefined)[];
  /** Whose signature makes an original. */
  networkKey: string;
}

export function Tampered({ file, checks, networkKey }: Props) {
  const isBroken = checks.some((check) => check?.verdict === "failed");
  if (!isBroken) return null;
  const receipt = restored(file);
  return (
    <Card title="What differs">
      {receipt ? (
        <Changed
          file={file}
          original={{ ...file, receipt }}
          source="The signature in the file holds for this original, so this is what was signed."
        />
      ) : (
        <Compared file={file} networkKey={networkKey} />
      )}
    </Card>
  );
}

/** Asks the coordinator for its copy, and believes it only if it proves itself. */
function Compared({ file, networkKey }: { file: ReceiptFile; networkKey: string }) {
  const { data, error } = useReceiptOf(file.receipt.jobId);
  if (error) {
    return (
      <p className="muted">
        This coordinator has no receipt of job {file.receipt.jobId} to compare it with: the job&rsquo;s id may
        be what was changed, or the receipt is another network&rsquo;s.
      </p>
    );
  }
  if (!data) return <Skeleton width="60%" />;
  const original = proven(JSON.stringify(data.receipt), networkKey);
  if (original === null) {
    return <p className="muted">The coordinator&rsquo;s copy does not prove itself, so it tells nothing.</p>;
  }
  return (
    <Changed
      file={file}
      original={original}
      source="The coordinator's copy carries the network key's signature and its own proof, both checked here: that is the original."
    />
  );
}

function Changed({
  file,
  original,
  source,
}: {
  file: ReceiptFile;
  original: ReceiptFile;
  source: ReactNode;
}) {
  const found = changes(file, original);
  if (found.length === 0)
    return <p>The file is the same as the original: the chain is what does not agree.</p>;
  return (
    <div className={styles.changed}>
      <p className="muted">{source}</p>
      <dl className={styles.changes}>
        {found.map(({ field, original: expected, found: value }) => (
          <div key={field} data-field={field}>
            <dt className={styles.mono}>{field}</dt>
            <dd>
              <Differs of={field} expected={expected} found={value} />
            </dd>
          </div>
        ))}
        {leaf(file.receipt) !== leaf(original.receipt) && (
          <div>
            <dt>Leaf hash of the receipt</dt>
            <dd>
              <Differs of="Leaf hash" expected={leaf(original.receipt)} found={leaf(file.receipt)} />
            </dd>
          </div>
        )}
      </dl>
    </div>
  );
}

function leaf(receipt: Receipt): string {
  return bytesToHex(leafHash(signedBytes(receipt)));
}
