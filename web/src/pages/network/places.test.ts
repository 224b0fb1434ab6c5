import { describe, expect, it } from "vitest";
import { dots, places } from "./places";

function node(
  city: string,
  lat: number,
  lon: number,
  status: "online" | "offline" = "online",
  gpuModel = "A",
) {
  return { location: { country: city === "Unknown" ? "Unknown" : "Land", city, lat, lon }, status, gpuModel };
}

describe("places", () => {
  it("gather a city's nodes, the most first", () => {
    const { places: found, unplaced } = places([
      node("Oslo", 59.9, 10.7),
      node("Rome", 41.9, 12.5),
      node("Rome", 41.8, 12.4, "offline", "B"),
      node("Rome", 41.8, 12.4, "online", "B"),
      node("Unknown", 0, 0),
    ]);
    expect(found.map(({ name, nodes, active, gpus }) => [name, nodes, active, gpus])).toEqual([
      ["Rome, Land", 3, 2, ["B", "A"]],
      ["Oslo, Land", 1, 1, ["A"]],
    ]);
    expect(unplaced).toBe(1);
  });

  it("need no name", () => {
    const { places: found } = places([
      node("Unknown", 10, 20),
      node("Unknown", 10.01, 20),
      node("Unknown", -10, 20),
    ]);
    expect(found.map(({ name, nodes }) => [name, nodes])).toEqual([
      ["Without a name", 2],
      ["Without a name", 1],
    ]);
  });
});

it("shows places that are close to each other as one dot", () => {
  const { places: found } = places([node("a", 1, 1), node("a", 1, 1), node("b", 1, 2), node("c", 1, 50)]);
  const shown = dots(found, (lon, lat) => (lon < 100 ? [lon, lat] : null), 10);
  expect(shown.map(({ x, nodes, places: inner }) => [x, nodes, inner.length])).toEqual([
    [1, 3, 2],
    [50, 1, 1],
  ]);
});
