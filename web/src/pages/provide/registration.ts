/** A machine's description as a person writes it, and as the API takes it. */
import type { Schemas } from "@/api/client";
import { parseHyper, toApi } from "@/ui/money";

/** The form's fields, by the paths under which the API names them in a refusal. */
export const BLANK = {
  machineId: "",
  price: "",
  gpuModel: "",
  gpuCount: "",
  vram: "",
  "location.country": "",
  "location.city": "",
  "location.lat": "",
  "location.lon": "",
  ramTotal: "",
  cpuModel: "",
  hostOS: "",
  driverVersion: "",
  cudaVersion: "",
  computeCapability: "",
  capabilities: "",
};
export type Draft = typeof BLANK;
export type FieldName = keyof Draft;
export type Faults = Partial<Record<FieldName, string>>;

const MB_PER_GB = 1024;
const MOST = 1_000_000;
const MOST_CHARS = 256;

/** What is wrong with a draft; empty where it may be sent. `taken` are the names of the wallet's machines. */
export function faultsIn(draft: Draft, taken: readonly string[]): Faults {
  const faults: Faults = {};
  for (const [field, text] of Object.entries(draft)) {
    if (text.trim().length > MOST_CHARS) faults[field as FieldName] = `At most ${MOST_CHARS} characters`;
  }
  const name = draft.machineId.trim();
  if (name === "") faults.machineId = "Give the machine a name, to tell it from your others";
  else if (taken.includes(name)) faults.machineId = "You have a node of this name: choose another";
  if (parseHyper(draft.price) === null)
    faults.price = "An amount with at most 6 decimals; 0 works for nothing";
  const range = (field: FieldName, least: number, most: number, whole: boolean): void => {
    const text = draft[field].trim();
    const value = Number(text);
    if (text === "" || (value >= least && value <= most && (!whole || Number.isInteger(value)))) return;
    faults[field] = `A ${whole ? "whole number" : "number"} from ${least} to ${most.toLocaleString("en")}`;
  };
  range("gpuCount", 0, MOST, true);
  range("vram", 1, MOST, false); // The API takes less than 1,024 MB for gigabytes.
  range("ramTotal", 0, MOST, false);
  range("location.lat", -90, 90, false);
  range("location.lon", -180, 180, false);
  if ((draft["location.lat"].trim() === "") !== (draft["location.lon"].trim() === "")) {
    faults[draft["location.lat"].trim() === "" ? "location.lat" : "location.lon"] =
      "Latitude and longitude go together";
  }
  return faults;
}

/** The body of a draft without faults. What was left empty is left out: the node measures it when it starts. */
export function bodyOf(draft: Draft, walletAddress: string): Schemas["RegisterNode"] {
  const text = (field: FieldName): string | null => draft[field].trim() || null;
  const count = (field: FieldName, each = 1): number | null =>
    draft[field].trim() === "" ? null : Math.round(Number(draft[field]) * each);
  const capabilities = draft.capabilities
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean);
  const described = {
    gpuModel: text("gpuModel"),
    gpuCount: count("gpuCount"),
    vram: count("vram", MB_PER_GB),
    ramTotal: count("ramTotal", MB_PER_GB),
    cpuModel: text("cpuModel"),
    hostOS: text("hostOS"),
    driverVersion: text("driverVersion"),
    cudaVersion: text("cudaVersion"),
    computeCapability: text("computeCapability"),
    location: locationOf(draft),
    capabilities: capabilities.length > 0 ? capabilities : null,
  };
  const given = Object.fromEntries(Object.entries(described).filter(([, value]) => value !== null));
  return {
    walletAddress,
    machineId: draft.machineId.trim(),
    price: toApi(parseHyper(draft.price) ?? 0n),
    ...(given as Partial<Schemas["RegisterNode"]>),
  };
}

function locationOf(draft: Draft): Schemas["Location"] | null {
  const names = { country: draft["location.country"].trim(), city: draft["location.city"].trim() };
  const place = { lat: draft["location.lat"].trim(), lon: draft["location.lon"].trim() };
  const given = {
    ...Object.fromEntries(Object.entries(names).filter(([, text]) => text !== "")),
    ...Object.fromEntries(
      Object.entries(place)
        .filter(([, text]) => text !== "")
        .map(([name, text]) => [name, Number(text)]),
    ),
  };
  return Object.keys(given).length > 0 ? given : null;
}
