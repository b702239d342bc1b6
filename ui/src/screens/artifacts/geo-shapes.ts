/** A drawing of GeoJSON: SVG paths in a box of `width` × `height`. */
export interface GeoDrawing {
  width: number;
  height: number;
  shapes: { path: string; isFilled: boolean; label: string }[];
  /** The number of shapes beyond the limit. */
  leftOut: number;
}

type Point = readonly [number, number];

interface Shape {
  lines: Point[][];
  kind: "point" | "line" | "area";
  label: string;
}

const MAX_SHAPES = 20_000;
/** Collections that are nested more deeply are no map, but an attack on the parser. */
const MAX_DEPTH = 20;
const WIDTH = 1000;
const POINT_RADIUS = 4;

type Json = { readonly [name: string]: unknown };

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isPoint = (value: unknown): value is Point =>
  Array.isArray(value) && Number.isFinite(value[0]) && Number.isFinite(value[1]);

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const line = (value: unknown): Point[] => list(value).filter(isPoint);

function collect(value: unknown, label: string, shapes: Shape[], depth = 0): void {
  if (!isObject(value) || depth > MAX_DEPTH) return;
  const { type, coordinates } = value;
  if (type === "FeatureCollection")
    for (const feature of list(value.features)) collect(feature, label, shapes, depth + 1);
  else if (type === "Feature") collect(value.geometry, labelOf(value.properties), shapes, depth + 1);
  else if (type === "GeometryCollection")
    for (const part of list(value.geometries)) collect(part, label, shapes, depth + 1);
  else if (type === "Point" && isPoint(coordinates)) shapes.push({ lines: [[coordinates]], kind: "point", label });
  else if (type === "MultiPoint") {
    for (const point of line(coordinates)) shapes.push({ lines: [[point]], kind: "point", label });
  } else if (type === "LineString") shapes.push({ lines: [line(coordinates)], kind: "line", label });
  else if (type === "MultiLineString") shapes.push({ lines: list(coordinates).map(line), kind: "line", label });
  else if (type === "Polygon") shapes.push({ lines: list(coordinates).map(line), kind: "area", label });
  else if (type === "MultiPolygon") {
    for (const polygon of list(coordinates)) shapes.push({ lines: list(polygon).map(line), kind: "area", label });
  }
}

function labelOf(properties: unknown): string {
  if (!isObject(properties)) return "";
  const pairs = Object.entries(properties).slice(0, 6);
  return pairs
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

/** Longitude and latitude on a plane, with true proportions in the middle; undefined without shapes. */
export function drawGeoJson(json: unknown): GeoDrawing | undefined {
  const all: Shape[] = [];
  collect(json, "", all);
  const shapes = all.slice(0, MAX_SHAPES);
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { lines } of shapes) {
    for (const [x, y] of lines.flat()) {
      [west, east] = [Math.min(west, x), Math.max(east, x)];
      [south, north] = [Math.min(south, y), Math.max(north, y)];
    }
  }
  if (west === Infinity) return undefined;
  const squeeze =
    Math.abs(north) <= 90 && Math.abs(south) <= 90 ? Math.cos((((north + south) / 2) * Math.PI) / 180) : 1;
  const spanX = (east - west) * squeeze || 1e-6;
  const spanY = north - south || spanX / 2;
  const scale = Math.min(WIDTH / spanX, (WIDTH * 2) / spanY);
  const at = ([x, y]: Point): string =>
    `${((x - west) * squeeze * scale).toFixed(1)} ${((north - y) * scale).toFixed(1)}`;
  return {
    width: Math.max(spanX * scale, 1),
    height: Math.max(spanY * scale, 1),
    shapes: shapes.map(({ lines, kind, label }) => ({
      path: pathOf(lines, kind, at),
      isFilled: kind !== "line",
      label,
    })),
    leftOut: all.length - shapes.length,
  };
}

function pathOf(lines: readonly Point[][], kind: Shape["kind"], at: (point: Point) => string): string {
  if (kind === "point") {
    const r = POINT_RADIUS;
    return lines
      .flat()
      .map((point) => `M${at(point)}m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`)
      .join("");
  }
  const end = kind === "area" ? "Z" : "";
  return lines
    .filter((points) => points.length > 0)
    .map((points) => `M${points.map(at).join("L")}${end}`)
    .join("");
}
