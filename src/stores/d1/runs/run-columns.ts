import type { Field } from "../../../search/ast.ts";
import { MAX_COLUMNS_PER_STATEMENT, planRunColumns } from "../../../search/run-columns.ts";

export type Cell = string | number | null;

/** Runs that one statement reads: their ids stay far below D1's 2,000,000 bytes for a bound text. */
const RUNS_PER_STATEMENT = 2500;

/** The values of `fields` as columns in the order of `runIds`; null where a run, which may be gone, has none. */
export async function readRunColumns(
  db: D1Database,
  runIds: readonly string[],
  fields: readonly Field[],
): Promise<Cell[][]> {
  const columns: Cell[][] = fields.map(() => []);
  for (let from = 0; from < runIds.length; from += RUNS_PER_STATEMENT) {
    const slice = runIds.slice(from, from + RUNS_PER_STATEMENT);
    const readGroup = async (first: number): Promise<void> => {
      const group = fields.slice(first, first + MAX_COLUMNS_PER_STATEMENT);
      const { sql, values } = planRunColumns(slice, group);
      const rows = await db
        .prepare(sql)
        .bind(...values)
        .raw<Cell[]>();
      for (const row of rows)
        for (let index = 0; index < group.length; index++) columns[first + index]!.push(row[index]!);
    };
    const groups = Math.ceil(fields.length / MAX_COLUMNS_PER_STATEMENT);
    await Promise.all(Array.from({ length: groups }, (_, group) => readGroup(group * MAX_COLUMNS_PER_STATEMENT)));
  }
  return columns;
}
