import { type Int64, parseInt64 } from "../../../domain/int64.ts";
import { Unreadable } from "./files.ts";

/** One line of a metric's file. */
export interface Point {
  readonly timestamp: Int64;
  readonly value: number;
  readonly step: Int64;
  /** The fields after the step: a run id, a dataset's name and digest. */
  readonly more: readonly string[];
}

/**
 * The points in a metric's file, one line each: `<timestamp> <value> <step>` and perhaps more. MLflow before 1.0 wrote no
 * step. Every complete line ends with a newline. The text after the last newline may be half a number.
 * @param onProblem is called for invalid lines.
 */
export function readPoints(text: string, onProblem: (line: number, why: string) => void): Point[] {
  const lines = text.split("\n");
  const rest = lines.pop();
  if (rest !== "" && rest !== undefined) onProblem(lines.length + 1, `the line was not written whole: ${shown(rest)}`);
  const hasSteps = lines.some((line) => line.split(" ").length >= 3);
  return lines.flatMap((line, index) => {
    try {
      return [readPoint(line, hasSteps)];
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      onProblem(index + 1, error.message);
      return [];
    }
  });
}

function readPoint(line: string, hasSteps: boolean): Point {
  const [time = "", number = "", count, ...more] = line.trim().split(" ");
  const timestamp = readInteger(time);
  const value = readDouble(number);
  const step = count === undefined && !hasSteps ? 0 : readInteger(count ?? "");
  if (timestamp === undefined || value === undefined || step === undefined) {
    throw new Unreadable(`not a timestamp, a value and a step: ${shown(line)}`);
  }
  return { timestamp, value, step, more };
}

function readInteger(text: string): Int64 | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number + 0 : parseInt64(text);
}

const NAMED: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

/** A number as Python writes it. */
function readDouble(text: string): number | undefined {
  const number = Number(text);
  if (!Number.isNaN(number)) return text === "" ? undefined : number;
  return NAMED[text.toLowerCase()];
}

function shown(line: string): string {
  return JSON.stringify(line.length > 100 ? `${line.slice(0, 100)}…` : line);
}
