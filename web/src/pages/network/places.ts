/** Where nodes stand, as far as their owners say: nodes by place, and places that are too close to be told apart. */
import type { Schemas } from "@/api/client";

type Node = Pick<Schemas["Node"], "location" | "status" | "gpuModel">;

export interface Place {
  key: string;
  name: string;
  lat: number;
  lon: number;
  nodes: number;
  active: number;
  /** Models, the most frequent first. */
  gpus: string[];
}

const ACTIVE = new Set(["online", "busy", "draining"]);

/** Places by their number of nodes, and how many nodes stand nowhere. */
export function places(nodes: readonly Node[]): { places: Place[]; unplaced: number } {
  const placed = nodes.filter(({ location: { lat = 0, lon = 0 } }) => lat !== 0 || lon !== 0);
  const found = [...grouped(placed, keyOf)].map(([key, group]) => placeOf(key, group));
  return {
    places: found.sort((one, other) => other.nodes - one.nodes || one.name.localeCompare(other.name)),
    unplaced: nodes.length - placed.length,
  };
}

/** A city's nodes are one place, however exactly each says where it is. */
function keyOf({ location: { country = "", city = "", lat = 0, lon = 0 } }: Node): string {
  return isKnown(city) ? `${city}, ${country}` : `${country} ${lat.toFixed(1)} ${lon.toFixed(1)}`;
}

function placeOf(key: string, nodes: Node[]): Place {
  const { city = "", country = "", lat = 0, lon = 0 } = nodes[0]?.location ?? {};
  const models = [...grouped(nodes, ({ gpuModel }) => gpuModel)];
  return {
    key,
    name: [city, country].filter(isKnown).join(", ") || "Without a name",
    lat,
    lon,
    nodes: nodes.length,
    active: nodes.filter(({ status }) => ACTIVE.has(status)).length,
    gpus: models.sort(([, one], [, other]) => other.length - one.length).map(([model]) => model),
  };
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function isKnown(name: string): boolean {
  return name !== "" && name !== "Unknown";
}

export interface Dot {
  places: Place[];
  x: number;
  y: number;
  nodes: number;
  active: number;
}

/** Dots on a map: a place joins the first dot within `distance`, and larger places come first. */
export function dots(
  found: readonly Place[],
  project: (lon: number, lat: number) => readonly [number, number] | null,
  distance: number,
): Dot[] {
  const all: Dot[] = [];
  for (const place of found) {
    const at = project(place.lon, place.lat);
    if (at === null) continue;
    const [x, y] = at;
    const near = all.find((dot) => Math.hypot(dot.x - x, dot.y - y) < distance);
    if (near) {
      near.places.push(place);
      near.nodes += place.nodes;
      near.active += place.active;
    } else {
      all.push({ places: [place], x, y, nodes: place.nodes, active: place.active });
    }
  }
  return all;
}
