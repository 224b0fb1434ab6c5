/** A job before it is submitted: the body of the request, but for who pays. */
import type { BadField } from "@/api/errors";
import type { Schemas } from "@/api/client";
import { isNothing, isRecord } from "./shape";

export type JobType = Schemas["JobTypeView"];
export type Json = Record<string, unknown>;

export interface Draft {
  jobType: string;
  model: string;
  input: Json;
  requirements: Json;
  budget: number | string;
  maxDuration: number | string;
  assurance?: string;
  parts?: number | string;
  priority?: number | string;
}

export type JobBody = Omit<Schemas["CreateJob"], "webhookUrl">;

/** The job that a type shows as its example. */
export function exampleOf({ jobType, example }: JobType): Draft {
  if (example) return { ...example, input: example.input, requirements: example.requirements };
  return { jobType, model: "default", input: {}, requirements: { minVRAM: 0 }, budget: 1, maxDuration: 3600 };
}

/** A job like one that was submitted before. */
export function againOf(job: Schemas["Job"]): Draft {
  const { jobType, model, input, requirements, budget, maxDuration, priority, parts } = job;
  return {
    ...{ jobType, model, input, requirements, budget, maxDuration },
    ...(priority !== 0 && { priority }),
    ...(parts > 1 && { parts }),
    ...(job.verification && { assurance: job.verification.assurance }),
  };
}

/** The request's body. What is typed here and wrong goes as it is: the coordinator says what is wrong with it. */
export function bodyOf(draft: Draft, walletAddress: string): JobBody {
  return { ...draft, walletAddress } as JobBody;
}

/** A job from its JSON. Throws what to do about a text that is none. */
export function parsed(text: string): Draft {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON yet: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (!isRecord(value) || typeof value["jobType"] !== "string")
    throw new Error("A job is a JSON object with a jobType");
  const { model = "default", input = {}, requirements = {}, budget = 0, maxDuration = 3600 } = value;
  return { ...value, model, input, requirements, budget, maxDuration } as Draft;
}

/** The object with one field changed; a field that says nothing is left out unless it is required. */
export function withField(object: Json, name: string, value: unknown, required: boolean): Json {
  if (required || !isNothing(value)) return { ...object, [name]: value };
  const { [name]: gone, ...rest } = object;
  return rest;
}

/** With what the coordinator says would find a node. */
export function relaxed(draft: Draft, change: Json): Draft {
  const { budget, model, ...requirements } = change;
  return {
    ...draft,
    ...(typeof budget === "string" && { budget }),
    ...(typeof model === "string" && { model }),
    requirements: { ...draft.requirements, ...requirements },
  };
}

/** What was expected at each path. A field that is missing is told of at its own place. */
export function problemsOf(fields: readonly BadField[]): Map<string, string> {
  return new Map(
    fields.map(({ path, expected }) => {
      const missing = /^'(\w+)' is a required property$/.exec(expected)?.[1];
      return missing === undefined ? [path, expected] : [`${path}.${missing}`, "This is needed"];
    }),
  );
}

/** A typed number; anything else stays a text, which the coordinator refuses with a reason. */
export function numberIn(text: string): number | string {
  const number = Number(text);
  return text.trim() === "" || !Number.isFinite(number) ? text : number;
}
