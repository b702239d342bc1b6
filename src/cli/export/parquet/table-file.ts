import type { ParquetWriter } from "hyparquet-writer";
import { renameDurably, syncTree } from "../../durable-rename.ts";

export type ParquetColumn = "text" | "int64" | "double" | "time";

const ELEMENTS = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  int64: { type: "INT64" },
  double: { type: "DOUBLE" },
  /** Milliseconds since 1970, in UTC. */
  time: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
} as const;

type Value = string | number | bigint | null;

/** A Parquet file that is written one row group at a time, and gets its name when it is complete. */
export class TableFile<Column extends string> {
  readonly #path: string;
  readonly #columns: readonly (readonly [Column, ParquetColumn])[];
  readonly #rowsPerGroup: number;
  readonly #writer: ParquetWriter;
  #rows: Value[][];

  private constructor(
    path: string,
    columns: readonly (readonly [Column, ParquetColumn])[],
    rowsPerGroup: number,
    writer: ParquetWriter,
  ) {
    this.#path = path;
    this.#columns = columns;
    this.#rowsPerGroup = rowsPerGroup;
    this.#writer = writer;
    this.#rows = columns.map(() => []);
  }

  static async create<Column extends string>(
    path: string,
    columns: Readonly<Record<Column, ParquetColumn>>,
    rowsPerGroup: number,
  ): Promise<TableFile<Column>> {
    const { fileWriter, ParquetWriter } = await import("hyparquet-writer");
    const list = Object.entries(columns) as [Column, ParquetColumn][];
    const elements = list.map(([name, type]) => ({ name, ...ELEMENTS[type], repetition_type: "OPTIONAL" as const }));
    const schema = [{ name: "root", num_children: list.length }, ...elements];
    const writer = new ParquetWriter({ writer: fileWriter(unfinished(path)), schema, createdBy: "trackflare" });
    return new TableFile(path, list, rowsPerGroup, writer);
  }

  add(row: Readonly<Record<Column, Value>>): void {
    this.#columns.forEach(([name, type], i) => {
      const value = row[name];
      const isInteger = (type === "int64" || type === "time") && value !== null;
      this.#rows[i]!.push(isInteger ? BigInt(value) : value);
    });
    if (this.#rows[0]!.length >= this.#rowsPerGroup) this.#write();
  }

  finish(): void {
    this.#write();
    void this.#writer.finish();
    syncTree(unfinished(this.#path));
    renameDurably(unfinished(this.#path), this.#path);
  }

  #write(): void {
    const rows = this.#rows;
    this.#rows = this.#columns.map(() => []);
    if (rows[0]!.length === 0) return;
    const columnData = this.#columns.map(([name, type], i) => ({
      name,
      data: rows[i]!,
      // A reader that trusts a column's minimum and maximum would skip a row group that also has a NaN.
      statistics: type !== "double",
    }));
    void this.#writer.write({ columnData, rowGroupSize: rows[0]!.length });
  }
}

export function unfinished(path: string): string {
  return `${path}.unfinished`;
}
