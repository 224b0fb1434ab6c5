/** Yes or no, with its label beside it. */
import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Checkbox.module.css";
import field from "./Field.module.css";

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

export function Checkbox({ label, hint, checked, onChange, disabled = false }: Props) {
  return (
    <label className={styles.label}>
      <Base.Root
        checked={checked}
        onCheckedChange={(next) => onChange(next)}
        disabled={disabled}
        className={styles.box}
      >
        <Base.Indicator className={styles.mark}>
          <Check />
        </Base.Indicator>
      </Base.Root>
      <span>
        {label}
        {hint && <span className={field.hint}> {hint}</span>}
      </span>
    </label>
  );
}
