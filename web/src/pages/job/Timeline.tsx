/** What happened to a job, and when. */
import { Link } from "wouter";
import { Address } from "@/ui/Address";
import { Ago } from "@/ui/Ago";
import { Amount } from "@/ui/Amount";
import { Skeleton } from "@/ui/Skeleton";
import { classes } from "@/ui/text";
import type { Moment } from "./story";
import styles from "./Timeline.module.css";

export function Timeline({
  createdAt,
  moments,
}: {
  createdAt: string | undefined;
  moments: readonly Moment[];
}) {
  return (
    <ol className={styles.timeline}>
      <li className={styles.quiet}>
        <p>Submitted</p>
        <p className={styles.when}>
          {createdAt === undefined ? <Skeleton width="8ch" /> : <Ago at={createdAt} />}
        </p>
      </li>
      {moments.map(({ seq, at, title, tone, transaction, amount, jobId }) => (
        <li key={seq} className={classes(styles[tone])}>
          <p>
            {title}
            {amount !== undefined && (
              <>
                {" "}
                <Amount value={amount} />
              </>
            )}
          </p>
          <p className={styles.when}>
            <Ago at={at} />
            {transaction !== undefined && <Address value={transaction} kind="tx" />}
            {jobId !== undefined && <Link href={`/compute/${jobId}`}>The check</Link>}
          </p>
        </li>
      ))}
    </ol>
  );
}
