/** What the receipt is checked against: a Solana node and a key, both of the reader's choice. */
import type { FocusEvent, ReactNode } from "react";
import { refusedUrl } from "@/receipts/rpc";
import { Card } from "@/ui/Card";
import { Field, Input } from "@/ui/Field";
import styles from "./verify.module.css";

interface Props {
  rpcUrl: string;
  networkKey: string;
  /** The key is the one that this coordinator names. */
  isOwnKey: boolean;
  onRpcUrl: (url: string) => void;
  onNetworkKey: (key: string) => void;
}

export function Sources({ rpcUrl, networkKey, isOwnKey, onRpcUrl, onNetworkKey }: Props) {
  return (
    <Card title="Checked against">
      <div className={styles.input}>
        <Source
          label="Solana RPC"
          hint="Any node of the receipt's network that lets pages ask."
          error={rpcUrl === "" ? undefined : refusedUrl(rpcUrl)}
          value={rpcUrl}
          placeholder="https://…"
          onChange={onRpcUrl}
        />
        <Source
          label="The network's receipt key"
          hint={
            isOwnKey
              ? "As this coordinator names it: compare it with one that you know from elsewhere."
              : "As you named it. Empty: who signed is not checked."
          }
          value={networkKey}
          placeholder="Not checked"
          onChange={onNetworkKey}
        />
      </div>
    </Card>
  );
}

interface SourceProps {
  label: string;
  hint: ReactNode;
  error?: string | undefined;
  value: string;
  placeholder: string;
  onChange: (value: string) => void;
}

/** Counts when it is left or entered, so that nobody is asked for half an address. */
function Source({ value, placeholder, onChange, ...field }: SourceProps) {
  const commit = (event: FocusEvent<HTMLInputElement>): void => {
    const next = event.target.value.trim();
    if (next !== value) onChange(next);
  };
  return (
    <Field {...field}>
      <Input
        key={value}
        className={styles.mono}
        defaultValue={value}
        placeholder={placeholder}
        onBlur={commit}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        spellCheck={false}
        autoComplete="off"
      />
    </Field>
  );
}
