import { expect, test } from "vitest";
import { drawGeoJson } from "../../../../ui/src/screens/artifacts/geo-shapes.ts";

const square = [
  [0, 0],
  [2, 0],
  [2, 1],
  [0, 1],
  [0, 0],
];

test("an area fills the box, with its proportions at the equator", () => {
  const drawing = drawGeoJson({ type: "Polygon", coordinates: [square] });
  expect(drawing?.width).toBe(1000);
  expect(drawing?.height).toBeCloseTo(500, 0);
  expect(drawing?.shapes).toEqual([
    { path: expect.stringMatching(/^M0\.0 500\.0L1000\.0 500\.0L1000\.0 0\.0.*Z$/), isFilled: true, label: "" },
  ]);
});

test("degrees of longitude are narrower away from the equator", () => {
  const north = square.map(([x, y]) => [x, (y ?? 0) + 59.5]);
  const drawing = drawGeoJson({ type: "Polygon", coordinates: [north] });
  expect(drawing?.height).toBeCloseTo(1000, -1);
});

test("every kind of geometry is drawn, with what is known of it", () => {
  const drawing = drawGeoJson({
    type: "FeatureCollection",
    features: [
      {
        type: "Feature",
        properties: { name: "<b>", height: 2 },
        geometry: { type: "LineString", coordinates: [square[0], square[2]] },
      },
      {
        type: "Feature",
        geometry: {
          type: "GeometryCollection",
          geometries: [
            { type: "MultiPoint", coordinates: [square[0], square[1]] },
            { type: "MultiPolygon", coordinates: [[square], [square]] },
            { type: "MultiLineString", coordinates: [square, square] },
          ],
        },
      },
    ],
  });
  expect(drawing?.shapes.map(({ isFilled, label }) => [isFilled, label])).toEqual([
    [false, "name: <b>\nheight: 2"],
    ...[true, true, true, true, false].map((isFilled) => [isFilled, ""]),
  ]);
});

test("a single point has a place", () => {
  expect(drawGeoJson({ type: "Point", coordinates: [8, 47] })?.shapes).toHaveLength(1);
});

test.each([
  ["no object", 3],
  ["another JSON", { columns: [], data: [] }],
  ["places that are no numbers", { type: "Point", coordinates: ["8", null] }],
  ["nothing in it", { type: "FeatureCollection", features: [null, {}, { type: "Feature" }] }],
])("%s is no map", (_, json) => {
  expect(drawGeoJson(json)).toBeUndefined();
});

test("collections nested without end are given up", () => {
  let nested: object = { type: "Point", coordinates: [0, 0] };
  for (let depth = 0; depth < 100_000; depth++) nested = { type: "GeometryCollection", geometries: [nested] };
  expect(drawGeoJson(nested)).toBeUndefined();
});

test("what is beyond twenty thousand shapes is counted", () => {
  const coordinates = Array.from({ length: 20_003 }, (_, index) => [index / 1000, 0]);
  expect(drawGeoJson({ type: "MultiPoint", coordinates })?.leftOut).toBe(3);
});
