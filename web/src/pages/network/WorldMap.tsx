/** The world, with a dot where nodes stand. */
import { geoEqualEarth, geoPath } from "d3-geo";
import { useMemo } from "react";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import world from "world-atlas/countries-110m.json";
import { classes, count } from "@/ui/text";
import { dots, type Place } from "./places";
import styles from "./WorldMap.module.css";

const WIDTH = 800;
const HEIGHT = 388;
const APART = 13;
const LEAST_RADIUS = 4;
const MOST_RADIUS = 20;

const topology = world as unknown as Topology<{ countries: GeometryCollection; land: GeometryCollection }>;
// Without Antarctica, where nobody computes.
const projection = geoEqualEarth()
  .scale(158)
  .translate([WIDTH / 2 - 18, HEIGHT / 2 + 26]);
const path = geoPath(projection).digits(1);
const LAND = path(feature(topology, topology.objects.land)) ?? "";
const BORDERS = path(mesh(topology, topology.objects.countries, (one, other) => one !== other)) ?? "";

interface Props {
  places: readonly Place[];
  /** The place that is pointed at. */
  marked: string | null;
  onMark: (key: string | null) => void;
}

export default function WorldMap({ places, marked, onMark }: Props) {
  const shown = useMemo(() => dots(places, (lon, lat) => projection([lon, lat]), APART), [places]);
  const most = Math.max(1, ...shown.map(({ nodes }) => nodes));
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className={styles.map}
      role="img"
      aria-label={`World map: nodes at ${count(places.length, "place")}, listed beside it.`}
    >
      <path d={LAND} className={styles.land} />
      <path d={BORDERS} className={styles.borders} />
      {shown.map(({ places: inner, x, y, nodes, active }) => {
        const [first] = inner;
        const isMarked = inner.some(({ key }) => key === marked);
        const radius =
          LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * Math.sqrt((nodes - 1) / Math.max(most, 50));
        return (
          <g
            key={first?.key}
            className={classes(styles.dot, active > 0 && styles.active, isMarked && styles.marked)}
            onPointerEnter={() => onMark(first?.key ?? null)}
            onPointerLeave={() => onMark(null)}
          >
            <title>{`${inner.map(({ name }) => name).join("; ")}: ${count(nodes, "node")}, ${active} active`}</title>
            <circle className={styles.halo} cx={x} cy={y} r={radius + 5} />
            <circle className={styles.core} cx={x} cy={y} r={radius} />
            {nodes > 1 && radius > 7 && (
              <text className={styles.number} x={x} y={y} dy="0.35em">
                {nodes}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
