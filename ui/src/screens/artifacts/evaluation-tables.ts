import { baseName } from "./file-kinds.ts";

/*
 * Tables of a classifier's evaluation that can be drawn: the per-class counts that MLflow's evaluator logs
 * (`per_class_metrics.csv`), points of ROC and precision-recall curves, and confusion matrices. MLflow's evaluator logs its
 * curves and matrices as pictures only, so tables of curves come from the reader's own code.
 */

/** One class against all others. */
export interface ClassCounts {
  readonly name: string;
  readonly trueNegatives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly truePositives: number;
  /** Precision, recall and other shares, by the name of their column. */
  readonly scores: Readonly<Record<string, number>>;
}

export interface CurveLine {
  /** The class; "" if the table has one curve. */
  readonly name: string;
  /** Ordered by x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The area below the curve, by trapezoids. */
  readonly area: number;
}

export type EvaluationTable =
  | { readonly kind: "classes"; readonly classes: readonly ClassCounts[] }
  | { readonly kind: "roc" | "pr"; readonly lines: readonly CurveLine[] }
  /** `rows[actual][predicted]` */
  | { readonly kind: "matrix"; readonly labels: readonly string[]; readonly rows: readonly (readonly number[])[] };

const COUNTS = ["true_negatives", "false_positives", "false_negatives", "true_positives"] as const;
const NAMES = ["positive_class", "class", "class_name", "label", "pos_label"];
/** For a table that has more about each class than shares. */
const NOT_SCORES = new Set<string>([...COUNTS, ...NAMES, "example_count"]);

const CURVES = {
  roc: { x: ["fpr", "false_positive_rate"], y: ["tpr", "true_positive_rate"] },
  pr: { x: ["recall"], y: ["precision"] },
} as const;

type Rows = readonly (readonly string[])[];

/** @returns undefined for any other table */
export function evaluationTable(path: string, columns: readonly string[], rows: Rows): EvaluationTable | undefined {
  const names = columns.map((column) => column.trim().toLowerCase());
  return classesOf(names, rows) ?? curvesOf(path, names, rows) ?? matrixOf(path, columns, rows);
}

function classesOf(columns: readonly string[], rows: Rows): EvaluationTable | undefined {
  const [tn, fp, fn, tp] = COUNTS.map((name) => columns.indexOf(name)) as [number, number, number, number];
  const name = columns.findIndex((column) => NAMES.includes(column));
  if (Math.min(tn, fp, fn, tp) < 0 || rows.length === 0) return undefined;
  const classes = rows.map((row, index): ClassCounts => {
    const numbers = columns.flatMap((column, at): [string, number][] => {
      const value = Number(row[at] || Number.NaN);
      return NOT_SCORES.has(column) || Number.isNaN(value) ? [] : [[column, value]];
    });
    return {
      name: name < 0 ? String(index) : (row[name] ?? ""),
      trueNegatives: Number(row[tn]),
      falsePositives: Number(row[fp]),
      falseNegatives: Number(row[fn]),
      truePositives: Number(row[tp]),
      scores: Object.fromEntries(numbers),
    };
  });
  return { kind: "classes", classes };
}

/** A table of recall and precision is a curve only if it has thresholds, or is called a curve. */
function curvesOf(path: string, columns: readonly string[], rows: Rows): EvaluationTable | undefined {
  const isCalledCurve = /curve|roc|pr[_-]/i.test(baseName(path)) || columns.some((name) => /^thresholds?$/.test(name));
  for (const [kind, { x: xNames, y: yNames }] of Object.entries(CURVES)) {
    const x = columns.findIndex((column) => (xNames as readonly string[]).includes(column));
    const y = columns.findIndex((column) => (yNames as readonly string[]).includes(column));
    if (x < 0 || y < 0 || rows.length < 2 || (kind === "pr" && !isCalledCurve)) continue;
    const name = columns.findIndex((column) => NAMES.includes(column));
    const byName = Map.groupBy(rows, (row) => (name < 0 ? "" : (row[name] ?? "")));
    const lines = [...byName].map(([of, points]) => lineOf(of, points, x, y)).filter(({ points }) => points.length > 1);
    if (lines.length > 0) return { kind: kind as "roc" | "pr", lines };
  }
  return undefined;
}

function lineOf(name: string, rows: Rows, x: number, y: number): CurveLine {
  const points = rows
    .map((row): [number, number] => [Number(row[x]), Number(row[y])])
    .filter((point) => point.every(Number.isFinite))
    .sort((a, b) => a[0] - b[0]);
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    area += ((x1 - x0) * (y0 + y1)) / 2;
  }
  return { name, points, area };
}

/** A square table of counts or shares, with the classes in its header, and perhaps in its first column too. */
function matrixOf(path: string, columns: readonly string[], rows: Rows): EvaluationTable | undefined {
  if (!/confusion/i.test(baseName(path))) return undefined;
  const isLabelled = columns.length === rows.length + 1;
  const labels = isLabelled ? columns.slice(1) : columns;
  const numbers = rows.map((row) => (isLabelled ? row.slice(1) : row).map((cell) => Number(cell || Number.NaN)));
  const isSquare =
    labels.length > 1 &&
    labels.length === rows.length &&
    numbers.every((row) => row.length === labels.length && row.every((value) => value >= 0));
  return isSquare ? { kind: "matrix", labels, rows: numbers } : undefined;
}
