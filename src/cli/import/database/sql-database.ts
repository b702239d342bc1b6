import { type Int64, parseInt64, toInt64 } from "../../../domain/int64.ts";

/** The values of a row, in the order of the selected columns. */
export type Values = readonly unknown[];

/** A database of MLflow's server, read through one of three drivers. */
export interface SqlDatabase {
  /** The database's name for people, without credentials. */
  readonly title: string;
  /** The columns of each table. They show which MLflow version created the database. */
  columns(): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  /** @param sql a plain SELECT that all three dialects understand; `?` stands for a value. */
  rows(sql: string, values?: readonly (string | number)[]): Promise<readonly Values[]>;
  close(): Promise<void>;
}

/** The value of an integer column, whatever type the driver returns. */
export function integer(value: unknown): Int64 | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
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

/** The value of a column of doubles; NaN where there is none. */
export function double(value: unknown): number {
  return typeof value === "number" ? value : Number(nullableText(value) ?? Number.NaN);
}

/** The value of a boolean column. Only PostgreSQL has a type for booleans. */
export function truth(value: unknown): boolean {
  return value === true || (value !== false && integer(value) === 1);
}
