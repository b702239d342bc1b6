import { counted } from "../counted.ts";
/** A thing of the source that did not arrive, or not completely. */
export interface Problem {
  /** The place in the source, such as `run 4f…/metrics/loss line 17`. */
  readonly where: string;
  readonly why: string;
}

const KINDS = [
  "experiments",
  "runs",
  "logged models",
  "registered models",
  "artifacts",
  "users",
  "roles",
  "grants",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Counts {
  read: number;
  written: number;
  /** How many already existed with the same content. */
  skipped: number;
  /** How many could not be written completely. Each has a problem in the report. */
  failed: number;
}

/** How many problems a report prints. The JSON has all problems. */
const MOST_PRINTED_PROBLEMS = 20;

/** The report of a transfer. */
export class Report {
  readonly counts = Object.fromEntries(
    KINDS.map((kind) => [kind, { read: 0, written: 0, skipped: 0, failed: 0 }]),
  ) as Record<Kind, Counts>;
  points = 0;
  artifactBytes = 0;
  readonly problems: Problem[] = [];
  readonly notes: string[] = [];
  readonly #startedMs = Date.now();

  /** Notes a thing that did not arrive. The transfer continues. */
  problem(where: string, why: string): void {
    this.problems.push({ where, why });
  }

  /** Notes a difference that the target has by design. It is no problem of this transfer. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** Notes a thing that exists and cannot be read. It counts as read and as failed. */
  unreadable(kind: Kind, where: string, why: string): void {
    this.count(kind, "read");
    this.count(kind, "failed");
    this.problem(where, why);
  }

  count(kind: Kind, what: keyof Counts, number = 1): void {
    this.counts[kind][what] += number;
  }

  /** Whether everything arrived. */
  get isComplete(): boolean {
    return this.problems.length === 0;
  }

  /** For programs: one object. */
  toJson(): string {
    const counts = Object.fromEntries(KINDS.map((kind) => [kind.replace(" ", "_"), this.counts[kind]]));
    const { points, artifactBytes, problems, notes } = this;
    const seconds = (Date.now() - this.#startedMs) / 1000;
    return JSON.stringify({ ...counts, points, artifact_bytes: artifactBytes, seconds, problems, notes });
  }

  /** For people: a table, and the first problems. */
  toText(): string {
    const columns = ["", "read", "written", "there already", "failed"];
    const rows = KINDS.filter((kind) => this.counts[kind].read > 0).map((kind) => {
      const { read, written, skipped, failed } = this.counts[kind];
      return [kind, ...[read, written, skipped, failed].map((number) => number.toLocaleString("en"))];
    });
    const table = [columns, ...rows];
    const widths = columns.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
    const lines = table.map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
    );
    const seconds = (Date.now() - this.#startedMs) / 1000;
    lines.push(
      "",
      `${counted(this.points, "point")} and ${megabytes(this.artifactBytes)} of artifacts in ${seconds.toFixed(1)} s`,
    );
    for (const note of this.notes) lines.push("", note);
    if (this.problems.length > 0) lines.push("", `${counted(this.problems.length, "thing")} did not arrive whole:`);
    for (const { where, why } of this.problems.slice(0, MOST_PRINTED_PROBLEMS)) lines.push(`  ${where}: ${why}`);
    if (this.problems.length > MOST_PRINTED_PROBLEMS) lines.push("  … (--json tells all)");
    return lines.join("\n");
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;
}
