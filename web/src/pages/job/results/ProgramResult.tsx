/** How a program ended, and what it wrote. */
import { Card } from "@/ui/Card";
import { Code } from "@/ui/Code";
import { Status } from "@/ui/Status";
import { number } from "@/ui/text";
import styles from "./results.module.css";
import type { Program } from "./shapes";

export function ProgramResult({ program }: { program: Program }) {
  const { exitCode, fuelUsed, stdout, stderr, truncated } = program;
  return (
    <Card
      title="Output"
      aside={
        <Status of="exit" tone={exitCode === 0 ? "good" : "bad"}>
          {`Exit code ${exitCode}`}
        </Status>
      }
    >
      <div className={styles.outputs}>
        {stdout === "" && stderr === "" && <p className="muted">It wrote nothing.</p>}
        {stdout !== "" && (
          <Code label="stdout" wrap>
            {stdout}
          </Code>
        )}
        {stderr !== "" && (
          <Code label="stderr" wrap>
            {stderr}
          </Code>
        )}
        {truncated && <p className="muted">It wrote more than is kept here.</p>}
      </div>
      <p className={styles.figures}>{number(fuelUsed)} of fuel used</p>
    </Card>
  );
}
