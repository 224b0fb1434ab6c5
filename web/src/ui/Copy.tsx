/** Copies a text. */
import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import styles from "./Copy.module.css";

const SHOWN_MS = 1_600;

/** `what` completes "Copy …", such as `address`. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  const label = copied ? "Copied" : `Copy ${what}`;
  return (
    <button type="button" className={styles.copy} onClick={copy} aria-label={label} title={label}>
      {copied ? <Check className={styles.done} /> : <CopyIcon />}
    </button>
  );
}
