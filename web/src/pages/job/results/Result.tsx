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
import { Gallery } from "./Gallery";
import { IndexResult } from "./IndexResult";
import { ProgramResult } from "./ProgramResult";
import { RenderResult } from "./RenderResult";
import * as shapes from "./shapes";
import { TrainingResult } from "./TrainingResult";
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
    </>
  );
}

/** How much room results take, about: what stands below keeps its place when they come. */
const HEIGHTS: Record<string, string> = { rag_indexing: "22rem", vision_pipeline: "22rem", render: "14rem" };

/** What can be seen before there is a result. */
function underWay(job: Job, story: Story): ReactNode {
  if (job.jobType === "llm_inference")
    return <ChatResult input={job.input} text={story.text} isWriting={job.status === "running"} />;
  if (job.jobType === "llm_fine_tuning" && (story.losses.length > 0 || !isOver(job)))
    return <TrainingResult curve={story.losses} />;
  if (isOver(job)) return null;
  return (
    <Card title="Result">
      <div style={{ minHeight: HEIGHTS[job.jobType] ?? "8rem" }}>
        {story.text === "" ? (
          <p className="muted">It is shown here as soon as it is there.</p>
        ) : (
          <Code wrap>{story.text}</Code>
        )}
      </div>
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
        view: <TrainingResult curve={training.curve} training={training} />,
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
