/** An amount of HYPER, of at most so much. */
import type { ReactNode } from "react";
import { Field, Input } from "@/ui/Field";
import { formatHyper, parseHyper, toApi } from "@/ui/money";
import styles from "./AmountField.module.css";

interface Props {
  label: string;
  text: string;
  onChange: (text: string) => void;
  /** Base units; undefined while it is not known. */
  most: bigint | undefined;
  /** Where that is: `In your wallet`. */
  where: string;
  error?: ReactNode;
}

/** The amount, if it may be sent. */
export function sendable(text: string, most: bigint | undefined): bigint | null {
  const units = parseHyper(text);
  return units !== null && units > 0n && (most === undefined || units <= most) ? units : null;
}

export function AmountField({ label, text, onChange, most, where, error }: Props) {
  return (
    <div className={styles.amount}>
      <Field label={label} error={error ?? faultOf(text, most)}>
        <Input
          value={text}
          inputMode="decimal"
          autoComplete="off"
          placeholder="0"
          unit="HYPER"
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
      <p className={styles.most}>
        {where}: {most === undefined ? "…" : formatHyper(most)} HYPER
        {most !== undefined && most > 0n && (
          <button type="button" className={styles.all} onClick={() => onChange(toApi(most))}>
            All of it
          </button>
        )}
      </p>
    </div>
  );
}

function faultOf(text: string, most: bigint | undefined): string | undefined {
  if (text.trim() === "" || sendable(text, most) !== null) return undefined;
  const units = parseHyper(text);
  if (units === null) return "An amount with at most 6 decimals";
  return units === 0n ? "More than 0" : `At most ${formatHyper(most ?? 0n)}`;
}
