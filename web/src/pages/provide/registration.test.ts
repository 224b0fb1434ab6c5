import { expect, it } from "vitest";
import { BLANK, bodyOf, faultsIn } from "./registration";

const WALLET = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";
const LEAST = { ...BLANK, machineId: " rig-1 ", price: "0.5" };

it("needs a name that is free, and a price", () => {
  expect(Object.keys(faultsIn(BLANK, []))).toEqual(["machineId", "price"]);
  expect(Object.keys(faultsIn(LEAST, ["rig-1"]))).toEqual(["machineId"]);
  expect(faultsIn(LEAST, ["rig-2"])).toEqual({});
});

it.each([
  ["vram", "0.5"], // The API would take 512 MB for 512 GB.
  ["vram", "much"],
  ["gpuCount", "1.5"],
  ["gpuCount", "-1"],
  ["price", "0.0000001"],
  ["location.lat", "91"],
  ["gpuModel", "x".repeat(257)],
] as const)("refuses %s %s", (field, value) => {
  expect(
    Object.keys(faultsIn({ ...LEAST, "location.lon": "1", "location.lat": "1", [field]: value }, [])),
  ).toEqual([field]);
});

it("wants latitude and longitude together", () => {
  expect(Object.keys(faultsIn({ ...LEAST, "location.lat": "52.5" }, []))).toEqual(["location.lon"]);
});

it("leaves out what was left empty", () => {
  expect(bodyOf(LEAST, WALLET)).toEqual({ walletAddress: WALLET, machineId: "rig-1", price: "0.5" });
});

it("gives the API its units and lists", () => {
  const draft = {
    ...LEAST,
    vram: "24",
    ramTotal: "62.5",
    gpuCount: "2",
    capabilities: "inference, render,",
    "location.country": "Germany",
    "location.lat": "52.5",
    "location.lon": "13.4",
  };
  expect(bodyOf(draft, WALLET)).toMatchObject({
    vram: 24_576,
    ramTotal: 64_000,
    gpuCount: 2,
    capabilities: ["inference", "render"],
    location: { country: "Germany", lat: 52.5, lon: 13.4 },
  });
});
