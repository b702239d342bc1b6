/* A surface over scattered points, and the regions of it above a height. */

export interface Point3 {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Heights at the corners of cells, row by row; x and y go from 0 to 1. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly heights: Float64Array;
}

/**
 * Weighs every point by the inverse cube of its distance: the surface goes through the points and never beyond them.
 * @param points with x and y from 0 to 1; at least one.
 */
export function interpolate(points: readonly Point3[], columns: number, rows: number): Grid {
  const heights = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      heights[row * columns + column] = heightAt(points, column / (columns - 1), row / (rows - 1));
    }
  }
  return { columns, rows, heights };
}

function heightAt(points: readonly Point3[], x: number, y: number): number {
  let sum = 0;
  let weights = 0;
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    // A point's own place has its height: the smallest weight that is no division by zero.
    const weight = 1 / (distance ** 1.5 + 1e-9);
    sum += weight * point.z;
    weights += weight;
  }
  return sum / weights;
}

type Corner = readonly [x: number, y: number, height: number];

/** The part of a triangle that is at least so high: no corner, or three or four. */
function clip(corners: readonly Corner[], height: number): [number, number][] {
  const kept: [number, number][] = [];
  for (const [index, here] of corners.entries()) {
    const next = corners[(index + 1) % corners.length]!;
    if (here[2] >= height) kept.push([here[0], here[1]]);
    if (here[2] >= height !== next[2] >= height) {
      const share = (height - here[2]) / (next[2] - here[2]);
      kept.push([here[0] + (next[0] - here[0]) * share, here[1] + (next[1] - here[1]) * share]);
    }
  }
  return kept;
}

/** Polygons that cover the area where the surface has at least this height. Cells that are completely in the area are joined to strips. */
export function regionAbove({ columns, rows, heights }: Grid, height: number): [number, number][][] {
  const polygons: [number, number][][] = [];
  const corner = (column: number, row: number): Corner => [
    column / (columns - 1),
    row / (rows - 1),
    heights[row * columns + column]!,
  ];
  for (let row = 0; row + 1 < rows; row++) {
    let stripFrom: number | undefined;
    const endStrip = (to: number): void => {
      if (stripFrom !== undefined)
        polygons.push(
          [...[corner(stripFrom, row), corner(to, row), corner(to, row + 1), corner(stripFrom, row + 1)]].map(
            ([x, y]) => [x, y],
          ),
        );
      stripFrom = undefined;
    };
    for (let column = 0; column + 1 < columns; column++) {
      const cell = [corner(column, row), corner(column + 1, row), corner(column + 1, row + 1), corner(column, row + 1)];
      const above = cell.filter(([, , z]) => z >= height).length;
      if (above === 4) {
        stripFrom ??= column;
        continue;
      }
      endStrip(column);
      if (above === 0) continue;
      for (const triangle of [
        [cell[0]!, cell[1]!, cell[2]!],
        [cell[0]!, cell[2]!, cell[3]!],
      ]) {
        const polygon = clip(triangle, height);
        if (polygon.length > 2) polygons.push(polygon);
      }
    }
    endStrip(columns - 1);
  }
  return polygons;
}
