/** An address, a chain transaction or a digest: short to read, whole on hover, to copy, and to look up. */
import { ExternalLink } from "lucide-react";
import { useChain } from "@/api/chain";
import styles from "./Address.module.css";
import { Copy } from "./Copy";
import copy from "./Copy.module.css";
import { explorerLink } from "./explorer";
import { short } from "./text";

interface Props {
  value: string;
  /** `digest` has no page in an explorer. */
  kind?: "address" | "tx" | "digest";
  /** The whole value, where there is room for it. */
  long?: boolean;
}

const NAMES = { address: "address", tx: "chain transaction", digest: "digest" };

export function Address({ value, kind = "address", long = false }: Props) {
  const explorerUrl = useChain().data?.explorerUrl;
  const link = explorerUrl === undefined || kind === "digest" ? null : explorerLink(explorerUrl, kind, value);
  return (
    <span className={styles.address}>
      <span className={long ? styles.long : styles.short} title={value}>
        {long ? value : short(value)}
      </span>
      <Copy text={value} what={NAMES[kind]} />
      {link !== null && (
        <a
          className={copy.copy}
          href={link}
          target="_blank"
          rel="noopener noreferrer"
          aria-label={`See the ${NAMES[kind]} ${short(value)} in the explorer`}
          title="See it in the explorer"
        >
          <ExternalLink />
        </a>
      )}
    </span>
  );
}
