/** What the job types answer, as far as it is shown. Nodes are strangers: what has another shape is shown as JSON. */
import * as v from "valibot";

const Score = v.number();

export const Answer = v.object({
  text: v.string(),
  finishReason: v.string(),
  promptTokens: v.number(),
  completionTokens: v.number(),
  model: v.string(),
  reasoning: v.optional(v.string(), ""),
  toolCalls: v.optional(
    v.array(v.object({ function: v.object({ name: v.string(), arguments: v.string() }) })),
    [],
  ),
  seed: v.nullish(v.number()),
  embeddings: v.optional(v.array(v.array(v.number())), []),
});

export const Training = v.object({
  model: v.string(),
  steps: v.number(),
  trainedTokens: v.number(),
  examples: v.number(),
  trainLoss: v.number(),
  evalLossBefore: v.nullable(v.number()),
  evalLossAfter: v.nullable(v.number()),
  curve: v.array(
    v.object({
      step: v.number(),
      loss: v.optional(v.nullable(v.number()), null),
      evalLoss: v.nullish(v.number()),
    }),
  ),
});

export const Render = v.object({
  engine: v.string(),
  device: v.string(),
  frames: v.array(
    v.object({
      frame: v.number(),
      file: v.string(),
      seconds: v.number(),
      width: v.number(),
      height: v.number(),
    }),
  ),
});

const Point = v.tuple([v.number(), v.number()]);
const Found = v.variant("kind", [
  v.object({
    kind: v.literal("texts"),
    lines: v.array(v.object({ text: v.string(), score: Score, box: v.tuple([Point, Point, Point, Point]) })),
  }),
  v.object({ kind: v.literal("labels"), labels: v.array(v.object({ name: v.string(), score: Score })) }),
  v.object({
    kind: v.literal("objects"),
    objects: v.array(
      v.object({
        name: v.string(),
        score: Score,
        box: v.tuple([v.number(), v.number(), v.number(), v.number()]),
      }),
    ),
  }),
  v.object({ kind: v.literal("embedding"), vector: v.array(v.number()) }),
]);

export const Picture = v.object({
  item: v.string(),
  frame: v.number(),
  width: v.number(),
  height: v.number(),
  found: v.array(Found),
  seconds: v.nullish(v.number()),
  file: v.optional(v.string(), ""),
});

export const Vision = v.object({
  items: v.record(v.string(), v.object({ pictures: v.number(), error: v.optional(v.string(), "") })),
  pictures: v.array(Picture),
  file: v.optional(v.string(), ""),
});

export const Index = v.object({
  documents: v.number(),
  skippedDocuments: v.number(),
  chunks: v.number(),
  embeddedChunks: v.number(),
  reusedChunks: v.number(),
  dimension: v.number(),
  model: v.string(),
  modelSha256: v.string(),
});

export const Program = v.object({
  exitCode: v.number(),
  fuelUsed: v.number(),
  stdout: v.string(),
  stderr: v.string(),
  truncated: v.optional(v.boolean(), false),
});

export type Answer = v.InferOutput<typeof Answer>;
export type Training = v.InferOutput<typeof Training>;
export type Render = v.InferOutput<typeof Render>;
export type Picture = v.InferOutput<typeof Picture>;
export type Found = v.InferOutput<typeof Found>;
export type Vision = v.InferOutput<typeof Vision>;
export type Index = v.InferOutput<typeof Index>;
export type Program = v.InferOutput<typeof Program>;
