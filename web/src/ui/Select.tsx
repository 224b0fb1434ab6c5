/** One of several values. */
import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import field from "./Field.module.css";
import popup from "./popup.module.css";
import styles from "./Select.module.css";
import { classes } from "./text";

export interface Option<Value extends string> {
  value: Value;
  label: ReactNode;
}

interface Props<Value extends string> {
  options: readonly Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  /** Where no Field around it has a label. */
  "aria-label"?: string;
  className?: string;
  disabled?: boolean;
}

export function Select<Value extends string>({
  options,
  value,
  onChange,
  className,
  disabled,
  ...rest
}: Props<Value>) {
  return (
    <Base.Root
      items={options}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      disabled={disabled ?? false}
    >
      <Base.Trigger {...rest} className={classes(field.control, styles.trigger, className)}>
        <Base.Value className={styles.value} />
        <Base.Icon className={styles.icon}>
          <ChevronDown />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={popup.positioner} sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className={classes(popup.popup, styles.popup)}>
            {options.map((option) => (
              <Base.Item key={option.value} value={option.value} className={popup.item}>
                <Base.ItemText>{option.label}</Base.ItemText>
                <Base.ItemIndicator className={popup.check}>
                  <Check />
                </Base.ItemIndicator>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
