/** A control with its label, its hint and what is wrong with it; the three are tied together for screen readers. */
import { Field as Base } from "@base-ui/react/field";
import type { ComponentProps, ReactNode } from "react";
import styles from "./Field.module.css";
import { classes } from "./text";

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  /** What is wrong, such as `apiError.expected("budget")`. */
  error?: ReactNode;
  optional?: boolean;
  className?: string | undefined;
  /** One control: Input, TextArea or Select. */
  children: ReactNode;
}

export function Field({ label, hint, error, optional = false, className, children }: FieldProps) {
  return (
    <Base.Root className={classes(styles.field, className)} invalid={Boolean(error)}>
      <Base.Label className={styles.label}>
        {label}
        {optional && <span className={styles.optional}>optional</span>}
      </Base.Label>
      {children}
      {hint && <Base.Description className={styles.hint}>{hint}</Base.Description>}
      <Base.Error className={styles.error} match={Boolean(error)}>
        {error}
      </Base.Error>
    </Base.Root>
  );
}

type InputProps = Omit<ComponentProps<"input">, "defaultValue"> & {
  defaultValue?: string;
  /** What stands behind the value, such as `HYPER`. */
  unit?: ReactNode;
};

export function Input({ unit, className, ...rest }: InputProps) {
  const control = <Base.Control {...rest} className={classes(styles.control, className)} />;
  if (unit === undefined) return control;
  return (
    <span className={styles.withUnit}>
      {control}
      <span className={styles.unit}>{unit}</span>
    </span>
  );
}

export function TextArea({ className, rows = 4, ...rest }: ComponentProps<"textarea">) {
  return (
    <Base.Control
      render={<textarea rows={rows} {...rest} className={classes(styles.control, styles.area, className)} />}
    />
  );
}
