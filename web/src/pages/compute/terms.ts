/** What a job asks for beside its input, in the form of the schemas that forms are made from. */
import type { Schemas } from "@/api/client";
import type { Schema } from "./shape";

const names: Schema = { type: "array", items: { type: "string" }, default: [] };

const terms = {
  budget: {
    type: "number",
    unit: "HYPER",
    description: "The most that you pay; what is not used comes back.",
  },
  maxDuration: { type: "integer", unit: "seconds", description: "The job is ended after this." },
  model: { type: "string", default: "default", description: "Default: the one that a node names first." },
  assurance: {
    enum: ["none", "sampled", "always"],
    default: "sampled",
    description: "Whether another node checks the result before it is paid.",
  },
  parts: {
    type: "integer",
    default: 1,
    description: "Spread over at most so many nodes, if the job type can be divided.",
  },
  priority: { type: "integer", default: 0, description: "From −100 to 100, among jobs that wait." },
} satisfies Partial<Record<keyof Schemas["CreateJob"], Schema>>;

const requirements = {
  minVRAM: { type: "number", default: 0, unit: "GB" },
  gpuModel: { type: "string", description: "A part of its name, such as 4090." },
  maxPrice: { type: "number", unit: "HYPER / h" },
  country: { type: "string", description: "Where the node says it is." },
  minRAM: { type: "number", default: 0, unit: "GB" },
  minReputation: { type: "number", default: 0, unit: "of 100" },
  minIsolation: {
    enum: ["none", "process", "sandbox"],
    default: "none",
    description: "What the node must have proved of its sandbox.",
  },
  cudaVersion: { type: "string", description: "At least this, such as 12.4." },
  capabilities: names,
  allowNodes: { ...names, description: "Only these nodes, by their ids." },
  denyNodes: { ...names, description: "Never these nodes." },
  allowWallets: { ...names, description: "Only nodes of these wallets." },
  denyWallets: { ...names, description: "Never nodes of these wallets." },
} satisfies Required<Record<keyof Schemas["Requirements"], Schema>>;

export const TERMS: Schema = { type: "object", properties: terms, required: ["budget", "maxDuration"] };
export const FIRST_TERMS: ReadonlySet<string> = new Set(["budget", "maxDuration", "model", "assurance"]);
export const REQUIREMENTS: Schema = { type: "object", properties: requirements };
export const FIRST_REQUIREMENTS: ReadonlySet<string> = new Set([
  "minVRAM",
  "gpuModel",
  "maxPrice",
  "country",
]);
