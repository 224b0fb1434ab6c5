/** The controls of a form that is made from a schema, and what groups them. */
import { Plus, X } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { Button } from "@/ui/Button";
import { Input, TextArea } from "@/ui/Field";
import { numberIn } from "./draft";
import styles from "./form.module.css";

interface TextProps {
  value: string;
  placeholder?: string | undefined;
  onChange: (value: string) => void;
  unit?: string | undefined;
  "aria-label"?: string;
}

export function TextInput({ onChange, ...rest }: TextProps) {
  return <Input {...rest} onChange={(event) => onChange(event.target.value)} spellCheck={false} />;
}

interface NumberProps extends Omit<TextProps, "value" | "onChange"> {
  value: unknown;
  onChange: (value: number | string) => void;
}

/** Keeps what was typed, such as `1.`, as long as it stands for the value. */
export function NumberInput({ value, onChange, ...rest }: NumberProps) {
  const [typed, setTyped] = useState("");
  const shown = typeof value === "number" || typeof value === "string" ? value : "";
  const change = (text: string): void => {
    setTyped(text);
    onChange(numberIn(text));
  };
  return (
    <Input
      {...rest}
      value={numberIn(typed) === shown ? typed : String(shown)}
      inputMode="decimal"
      autoComplete="off"
      onChange={(event) => change(event.target.value)}
    />
  );
}

/** Any JSON; what is not JSON yet is kept here, and as a text in the job, which the coordinator refuses. */
export function JsonArea({ value, onChange }: { value: unknown; onChange: (value: unknown) => void }) {
  const [typed, setTyped] = useState<string>();
  const change = (text: string): void => {
    setTyped(text);
    try {
      onChange(JSON.parse(text));
    } catch {
      onChange(text);
    }
  };
  return (
    <TextArea
      className="mono"
      value={typed ?? JSON.stringify(value ?? {}, null, 2)}
      onChange={(event) => change(event.target.value)}
      spellCheck={false}
    />
  );
}

interface GroupProps {
  label: string;
  about?: ReactNode;
  error?: ReactNode;
  onRemove?: (() => void) | undefined;
  /** What stands beside the label. */
  aside?: ReactNode;
  children?: ReactNode;
}

/** Fields that belong together. */
export function Group({ label, about, error, onRemove, aside, children }: GroupProps) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className={styles.group}>
      <div className={styles.head}>
        <div className={styles.heading}>
          <p id={id} className={styles.label}>
            {label}
          </p>
          {about && <p className={styles.about}>{about}</p>}
        </div>
        {aside}
        {onRemove && <Remove what={label} onClick={onRemove} />}
      </div>
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      {children}
    </div>
  );
}

/** The place of fields that are not there yet. */
export function Absent({ label, about, onAdd }: { label: string; about?: ReactNode; onAdd: () => void }) {
  return <Group label={label} about={about} aside={<Add what={label} onClick={onAdd} />} />;
}

export function Add({ what, onClick }: { what: string; onClick: () => void }) {
  return (
    <Button size="small" icon={<Plus />} onClick={onClick} aria-label={`Add ${what}`}>
      Add
    </Button>
  );
}

export function Remove({ what, onClick }: { what: string; onClick: () => void }) {
  return (
    <Button
      size="small"
      variant="ghost"
      className={styles.remove}
      icon={<X />}
      onClick={onClick}
      aria-label={`Remove ${what}`}
      title="Remove"
    />
  );
}
