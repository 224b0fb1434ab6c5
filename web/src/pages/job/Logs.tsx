/** What the job wrote; the newest lines stay in sight unless the reader has scrolled up. */
import { useEffect, useRef } from "react";
import { Card } from "@/ui/Card";
import { Copy } from "@/ui/Copy";
import styles from "./job.module.css";

const NEAR_PX = 40;

export function Logs({ lines }: { lines: readonly string[] }) {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const text = lines.join("\n");
  useEffect(() => {
    if (box.current && follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const scrolled = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement): void => {
    follows.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
  };
  return (
    <Card title="Logs" aside={<Copy text={text} what="the logs" />}>
      <pre
        ref={box}
        role="log"
        aria-live="off"
        aria-label="Logs"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls must be reachable by keyboard.
        tabIndex={0}
        className={styles.logs}
        onScroll={(event) => scrolled(event.currentTarget)}
      >
        {text}
      </pre>
    </Card>
  );
}
