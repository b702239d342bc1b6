import { type Int64, parseInt64, toInt64 } from "../../../domain/int64.ts";

export type Row = Readonly<Record<string, unknown>>;

/** A database that MLflow's server wrote, read through one of three drivers. */
export interface SqlDatabase {
  /** Without credentials. */
  readonly title: string;
  /** The columns of each table. Which there are tells the version of MLflow that made them. */
  columns(): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  /** @param sql of plain SELECTs that all three understand; `?` stands for a value. */
  rows(sql: string, values?: readonly (string | number)[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** An integer column, whichever type its driver gives. */
export function integer(value: unknown): Int64 | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return toInt64(value) ?? null;
  return parseInt64(String(value)) ?? null;
}

/** A time in milliseconds. */
export function time(value: unknown): number | null {
  const read = integer(value);
  return read === null ? null : Number(read);
}

export function text(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

export function nullableText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** A boolean, which only PostgreSQL has a type for. */
export function truth(value: unknown): boolean {
  return value === true || (value !== false && integer(value) === 1);
}
