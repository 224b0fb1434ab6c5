/** A job as it runs and when it is over: progress, logs, result, cost and receipt. */
import { Lock, RotateCw } from "lucide-react";
import { Link, type RouteComponentProps } from "wouter";
import type { Schemas } from "@/api/client";
import { Ago } from "@/ui/Ago";
import { Button, ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Code } from "@/ui/Code";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Problem } from "@/ui/Problem";
import { Skeleton } from "@/ui/Skeleton";
import { short, words } from "@/ui/text";
import { useWallet } from "@/wallet/WalletContext";
import { EndJob } from "./EndJob";
import styles from "./job.module.css";
import { JobFacts } from "./JobFacts";
import { Logs } from "./Logs";
import { Parts } from "./Parts";
import { Files } from "./results/Files";
import { Result } from "./results/Result";
import { StateCard } from "./StateCard";
import { StreamNote } from "./StreamNote";
import { Timeline } from "./Timeline";
import { isOver, useStory, type Told } from "./useStory";

export default function JobPage({ params }: RouteComponentProps<{ jobId: string }>) {
  const told = useStory(params.jobId);
  const { job, error, refetch, story, stream } = told;
  return (
    <Page
      title={`Job ${short(params.jobId, 6)}`}
      lead={job ? <Lead job={job} /> : <Skeleton width="16rem" />}
      aside={job && <Actions job={job} onEnd={refetch} />}
    >
      {error && <Problem error={error} onRetry={refetch} />}
      {(job || !error) && (
        <div className={styles.layout}>
          <Main told={told} />
          <div className={styles.aside}>
            <Card title="Facts">
              <JobFacts job={job} />
            </Card>
            <Card title="What happened" aside={<StreamNote state={stream} />}>
              <Timeline createdAt={job?.createdAt} moments={story.moments} />
            </Card>
          </div>
        </div>
      )}
    </Page>
  );
}

function Main({ told: { job, story, stream } }: { told: Told }) {
  const lines = story.lines.length > 0 ? story.lines : (job?.logs ?? []);
  const isStranger = stream.name === "refused" && [401, 403].includes(stream.error.status);
  return (
    <div className={styles.main}>
      <StateCard job={job} story={story} />
      {isStranger && <Stranger />}
      {!isStranger && <Result job={job} story={story} />}
      {job && job.parts > 0 && <Parts jobId={job.jobId} isOver={isOver(job)} />}
      {job && lines.length > 0 && <Logs lines={lines} />}
      {job && job.artifacts.length > 0 && <Files files={job.artifacts} />}
      {job && !isStranger && <Asked job={job} />}
    </div>
  );
}

function Actions({ job, onEnd }: { job: Schemas["Job"]; onEnd: () => unknown }) {
  const isOwner = useWallet().address === job.walletAddress;
  return (
    <div className={styles.buttons}>
      {isOwner && !isOver(job) && <EndJob job={job} onEnd={onEnd} />}
      <ButtonLink href={`/compute?like=${job.jobId}`} icon={<RotateCw />}>
        Run again
      </ButtonLink>
    </div>
  );
}

function Lead({ job: { jobType, createdAt, parentId, part } }: { job: Schemas["Job"] }) {
  return (
    <>
      {words(jobType)}, submitted <Ago at={createdAt} />
      {parentId != null && (
        <>
          : part {part} of <Link href={`/compute/${parentId}`}>a larger job</Link>
        </>
      )}
    </>
  );
}

/** To whom the rest is not shown. */
function Stranger() {
  const { address, open } = useWallet();
  return (
    <Card>
      <Empty
        icon={<Lock />}
        title="Input, result and logs are its owner's"
        action={address === null && <Button onClick={open}>Connect a wallet</Button>}
      >
        Sign in with the wallet that submitted the job to see them.
      </Empty>
    </Card>
  );
}

/** What was submitted. */
function Asked({
  job: { jobType, model, input, requirements, budget, maxDuration },
}: {
  job: Schemas["Job"];
}) {
  const asked = { jobType, model, input, requirements, budget, maxDuration };
  return (
    <Card>
      <details className={styles.raw}>
        <summary>The job as JSON</summary>
        <Code label="JSON" wrap>
          {JSON.stringify(asked, null, 2)}
        </Code>
      </details>
    </Card>
  );
}
