/** A button, and a link that looks like one. */
import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import styles from "./Button.module.css";
import { classes } from "./text";

export interface Look {
  /** One primary action a view at most. */
  variant?: "primary" | "secondary" | "ghost" | "danger";
  size?: "normal" | "small";
  icon?: ReactNode;
}

type ButtonProps = ComponentProps<"button"> &
  Look & { /** Under way: it cannot be pressed again. */ busy?: boolean };

export function Button({
  variant,
  size,
  icon,
  busy = false,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={look({ variant, size }, className)}
      disabled={busy || disabled}
      aria-busy={busy}
    >
      {busy ? <span className={styles.spinner} aria-hidden /> : icon}
      {children}
    </button>
  );
}

type LinkProps = Look & {
  href: string;
  children: ReactNode;
  className?: string | undefined;
  download?: string;
};

/** Leads to a page of ours; an address with a scheme, or a download, is left to the browser. */
export function ButtonLink({ variant, size, icon, className, children, href, download }: LinkProps) {
  const shown = { href, className: look({ variant, size }, className) };
  const content = (
    <>
      {icon}
      {children}
    </>
  );
  if (/^[a-z]+:/.test(href) || download !== undefined) {
    return (
      <a {...shown} download={download} rel="noopener noreferrer">
        {content}
      </a>
    );
  }
  return <Link {...shown}>{content}</Link>;
}

function look(
  { variant = "secondary", size = "normal" }: { variant: Look["variant"]; size: Look["size"] },
  more: string | undefined,
): string {
  return classes(styles.button, styles[variant], size === "small" && styles.small, more);
}
