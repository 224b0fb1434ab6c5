/** A job's result, shown as what it is. */
import { type ReactNode } from "react";
import { safeParse, type GenericSchema } from "valibot";
import type { Schemas } from "@/api/client";
import { Card } from "@/ui/Card";
import { Code } from "@/ui/Code";
import { Skeleton } from "@/ui/Skeleton";
import type { Story } from "../story";
import { isOver } from "../useStory";
import { ChatResult } from "./ChatResult";
import { Files } from "./Files";
import { Gallery } from "./Gallery";
import { IndexResult } from "./IndexResult";
import { ProgramResult } from "./ProgramResult";
import { RenderResult } from "./RenderResult";
import * as shapes from "./shapes";
import { LiveTraining, TrainingResult } from "./TrainingResult";
import { VisionResult } from "./VisionResult";

type Job = Schemas["Job"];

interface Shown {
  view: ReactNode;
  /** Files that the view shows itself, whole. */
  pictures: ReadonlySet<string>;
}

export function Result({ job, story }: { job: Job | undefined; story: Story }) {
  if (job === undefined)
    return (
      <Card title="Result">
        <Skeleton width="100%" height="10rem" />
      </Card>
    );
  const shown = job.result
    ? finished(job, job.result)
    : { view: underWay(job, story), pictures: new Set<string>() };
  return (
    <>
      {shown.view}
      <Gallery files={job.artifacts.filter(({ name }) => !shown.pictures.has(name))} />
      {job.artifacts.length > 0 && <Files files={job.artifacts} />}
    </>
  );
}

/** What can be seen before there is a result. */
function underWay(job: Job, story: Story): ReactNode {
  if (job.jobType === "llm_inference")
    return <ChatResult input={job.input} text={story.text} isWriting={job.status === "running"} />;
  if (job.jobType === "llm_fine_tuning" && story.losses.length > 1)
    return <LiveTraining curve={story.losses} />;
  if (isOver(job) || story.text === "") return null;
  return (
    <Card title="Output so far">
      <Code wrap>{story.text}</Code>
    </Card>
  );
}

function finished(job: Job, result: NonNullable<Job["result"]>): Shown {
  const none = new Set<string>();
  const as = <Kind,>(schema: GenericSchema<unknown, Kind>, show: (value: Kind) => Shown): Shown => {
    const { success, output } = safeParse(schema, result);
    return success ? show(output) : { view: <Plain result={result} />, pictures: none };
  };
  switch (job.jobType) {
    case "llm_inference":
      return as(shapes.Answer, (answer) => ({
        view: <ChatResult input={job.input} text={answer.text} answer={answer} />,
        pictures: none,
      }));
    case "llm_fine_tuning":
      return as(shapes.Training, (training) => ({
        view: <TrainingResult training={training} />,
        pictures: none,
      }));
    case "rag_indexing":
      return as(shapes.Index, (index) => ({ view: <IndexResult index={index} />, pictures: none }));
    case "render":
      return as(shapes.Render, (render) => ({
        view: <RenderResult render={render} files={job.artifacts} />,
        pictures: new Set(render.frames.map(({ file }) => file)),
      }));
    case "vision_pipeline":
      return as(shapes.Vision, (vision) => ({
        view: <VisionResult vision={vision} input={job.input} files={job.artifacts} />,
        pictures: new Set(vision.pictures.map(({ file }) => file)),
      }));
    case "generic_compute":
      return as(shapes.Program, (program) => ({ view: <ProgramResult program={program} />, pictures: none }));
    default:
      return { view: <Plain result={result} />, pictures: none };
  }
}

function Plain({ result }: { result: NonNullable<Job["result"]> }) {
  return (
    <Card title="Result">
      <Code label="JSON" wrap>
        {JSON.stringify(result, null, 2)}
      </Code>
    </Card>
  );
}
