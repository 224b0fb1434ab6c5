/** A block of code or a command, ready to copy. */
import styles from "./Code.module.css";
import { Copy } from "./Copy";

interface Props {
  children: string;
  /** What it is, such as `Command` or `Python`. */
  label?: string;
  /** Long lines are broken instead of scrolled. */
  wrap?: boolean;
}

export function Code({ children, label = "Code", wrap = false }: Props) {
  return (
    <figure className={styles.code}>
      <figcaption className={styles.bar}>
        {label}
        <Copy text={children} what={label.toLowerCase()} />
      </figcaption>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={wrap ? styles.wrap : styles.pre} tabIndex={0} aria-label={label}>
        <code>{children}</code>
      </pre>
    </figure>
  );
}
