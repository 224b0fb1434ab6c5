/** An amount of HYPER: `12.5 HYPER`. */
import styles from "./Amount.module.css";
import { formatHyper, fromApi } from "./money";
import { classes } from "./text";

interface Props {
  /** A number is HYPER as the API writes it, a bigint is base units. */
  value: number | bigint;
  /** Shows whether it comes or goes: `+3` in green, `−3`. */
  signed?: boolean;
}

export function Amount({ value, signed = false }: Props) {
  const units = typeof value === "bigint" ? value : fromApi(value);
  const sign = units < 0n ? "−" : signed && units > 0n ? "+" : "";
  return (
    <span className={classes(styles.amount, sign === "+" && styles.plus)}>
      {sign}
      {formatHyper(units < 0n ? -units : units)} <span className={styles.token}>HYPER</span>
    </span>
  );
}
