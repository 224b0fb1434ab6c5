/** What a node says of itself, to be read. */
import type { Schemas } from "@/api/client";
import { short } from "@/ui/text";

export type Node = Schemas["Node"];

export interface GpuLoad {
  loadPercent: number | undefined;
  temperatureC: number | undefined;
  memoryUsedMb: number | undefined;
}

export interface Load {
  cpuPercent: number | undefined;
  ramUsedMb: number | undefined;
  gpus: GpuLoad[];
}

const MB_PER_GB = 1024;

/** The load in a node's metrics, whose form is the node's own: our agent's, or that of a plain HTTP worker. */
export function loadOf(metrics: Record<string, unknown>): Load {
  const gpus = Array.isArray(metrics["gpus"]) ? metrics["gpus"].map(gpuOf) : [gpuOf(metrics)];
  return {
    cpuPercent: numeric(metrics["cpuPercent"] ?? metrics["cpuUtilization"]),
    ramUsedMb: numeric(metrics["ramUsedMB"]),
    gpus: gpus.filter((gpu) => Object.values(gpu).some((value) => value !== undefined)),
  };
}

function gpuOf(metrics: unknown): GpuLoad {
  const given: Record<string, unknown> =
    typeof metrics === "object" && metrics !== null ? { ...metrics } : {};
  return {
    loadPercent: numeric(given["loadPercent"] ?? given["gpuUtilization"]),
    temperatureC: numeric(given["temperatureC"] ?? given["gpuTemperature"] ?? given["temperature"]),
    memoryUsedMb: numeric(given["memoryUsedMb"]),
  };
}

function numeric(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A machine that was described here, and that no node has connected from. */
export function hasNeverRun(node: Node): boolean {
  return node.engines.length === 0 && Object.keys(node.metrics).length === 0;
}

/** What a node's state is to its owner: one that was never started is not online, although it was heard of just now. */
export function stateOf(node: Node): string {
  return hasNeverRun(node) && node.status !== "suspended" ? "not started" : node.status;
}

/** `24 GB`, as memory is sold. */
export function gigabytes(megabytes: number): string {
  return `${Math.round((megabytes / MB_PER_GB) * 10) / 10} GB`;
}

/** `2 × NVIDIA GeForce RTX 4090, 24 GB each`; of a machine without a GPU, that and its processor. */
export function hardwareOf({ gpuCount, gpuModel, vram, cpuModel }: Hardware): string {
  if (gpuCount === 0) return cpuModel === "Unknown" ? "No GPU" : `No GPU, ${cpuModel}`;
  if (vram === 0 && gpuModel === "Unknown") return "Measured when it starts";
  const model = gpuModel === "Unknown" ? "GPU" : gpuModel;
  const memory = vram > 0 ? `, ${gigabytes(vram)}` : "";
  return gpuCount > 1 ? `${gpuCount} × ${model}${memory && `${memory} each`}` : model + memory;
}

type Hardware = Pick<Node, "gpuCount" | "gpuModel" | "vram" | "cpuModel">;

/** What its owner calls it; agents that were not named call themselves by a digest. */
export function nodeName({ machineId }: Pick<Node, "machineId">): string {
  return /^[0-9a-f]{32}$/.test(machineId) ? `Machine ${short(machineId)}` : machineId;
}
