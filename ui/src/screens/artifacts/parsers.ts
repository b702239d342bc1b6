import { HEX_LINE_BYTES } from "./file-kinds.ts";

/** Takes a file part by part, in order. */
export interface FileParser {
  push(bytes: Uint8Array): void;
  /** How many lines or rows there are so far. */
  readonly count: number;
}

/** Longer lines are cut into pieces of this many characters: a browser lays out no line of megabytes. */
export const PIECE = 4000;

const NEWLINE = 10;

/** Lines of text in UTF-8; the last may be unfinished and grow. */
export class LineParser implements FileParser {
  readonly #lines: string[] = [];
  readonly #decoder = new TextDecoder();
  #isCut: boolean;
  #rest = "";
  /** Characters of the longest line so far. */
  longest = 0;
  /** Of all lines, in UTF-16. */
  characters = 0;

  /** @param isCut the first part begins within a line, which is left out. */
  constructor(isCut = false) {
    this.#isCut = isCut;
  }

  push(bytes: Uint8Array): void {
    const from = this.#isCut ? bytes.indexOf(NEWLINE) + 1 : 0;
    this.#isCut = false;
    const text = this.#decoder.decode(bytes.subarray(from), { stream: true });
    this.characters += text.length;
    const parts = (this.#rest + text).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#add(part.endsWith("\r") ? part.slice(0, -1) : part);
    while (this.#rest.length > PIECE) {
      this.#add(this.#rest.slice(0, PIECE));
      this.#rest = this.#rest.slice(PIECE);
    }
    this.longest = Math.max(this.longest, this.#rest.length);
  }

  #add(line: string): void {
    for (let from = 0; from === 0 || from < line.length; from += PIECE)
      this.#lines.push(line.slice(from, from + PIECE));
    this.longest = Math.max(this.longest, Math.min(line.length, PIECE));
  }

  get count(): number {
    return this.#lines.length + (this.#rest === "" ? 0 : 1);
  }

  line(index: number): string {
    return this.#lines[index] ?? this.#rest;
  }
}

/** Bytes, 16 a line. */
export class HexParser implements FileParser {
  readonly #parts: { from: number; bytes: Uint8Array }[] = [];
  #length = 0;

  push(bytes: Uint8Array): void {
    this.#parts.push({ from: this.#length, bytes });
    this.#length += bytes.length;
  }

  get count(): number {
    return Math.ceil(this.#length / HEX_LINE_BYTES);
  }

  /** The bytes of a line; fewer of the last. */
  line(index: number): Uint8Array {
    const line = new Uint8Array(Math.max(0, Math.min(HEX_LINE_BYTES, this.#length - index * HEX_LINE_BYTES)));
    let known = 0;
    while (known < line.length) {
      const at = index * HEX_LINE_BYTES + known;
      const { from, bytes } = this.#parts.findLast((part) => part.from <= at)!;
      const piece = bytes.subarray(at - from, at - from + line.length - known);
      line.set(piece, known);
      known += piece.length;
    }
    return line;
  }
}

/** Rows of a file of values apart by `separator`, quoted as RFC 4180 says; the first row names the columns. */
export class CsvParser implements FileParser {
  readonly rows: string[][] = [];
  columns: string[] | undefined;
  readonly #decoder = new TextDecoder();
  readonly #separator: string;
  #row: string[] = [];
  #cell = "";
  #isQuoted = false;
  /** A quote within quotes was seen: the next character says whether it ends them. */
  #isQuotePending = false;

  constructor(separator: string) {
    this.#separator = separator;
  }

  push(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    let plainFrom = 0;
    for (let at = 0; at < text.length; at++) {
      const mark = text[at]!;
      if (this.#isQuotePending) {
        this.#isQuotePending = false;
        plainFrom = at;
        if (mark === '"') continue;
        this.#isQuoted = false;
      }
      if (this.#isQuoted) {
        if (mark !== '"') continue;
        this.#cell += text.slice(plainFrom, at);
        this.#isQuotePending = true;
        plainFrom = at + 1;
      } else if (mark === '"' && this.#cell === "" && plainFrom === at) {
        this.#isQuoted = true;
        plainFrom = at + 1;
      } else if (mark === this.#separator || mark === "\n") {
        this.#cell += text.slice(plainFrom, at);
        plainFrom = at + 1;
        if (mark === "\n") this.#endRow();
        else this.#endCell();
      }
    }
    if (!this.#isQuotePending) this.#cell += text.slice(plainFrom);
  }

  get count(): number {
    return this.rows.length;
  }

  /** The file has ended. The rest is a row, with or without a line end. */
  end(): void {
    this.#isQuotePending = false;
    if (this.#cell !== "" || this.#row.length > 0) this.#endRow();
  }

  #endCell(): void {
    this.#row.push(this.#cell);
    this.#cell = "";
  }

  #endRow(): void {
    if (this.#cell.endsWith("\r")) this.#cell = this.#cell.slice(0, -1);
    this.#endCell();
    const row = this.#row;
    this.#row = [];
    if (row.length === 1 && row[0] === "") return;
    if (this.columns === undefined) this.columns = row;
    else this.rows.push(row);
  }
}

/** A cell as an order sees it. */
interface Ranked {
  row: number;
  text: string;
  number: number;
}

/** Orders rows by one column: numbers by size, then words. Empty cells come last in both directions. */
export function sortRows(count: number, textOf: (row: number) => string, isDescending: boolean): readonly number[] {
  const sign = isDescending ? -1 : 1;
  const order = (a: Ranked, b: Ranked): number => {
    if (a.text === "" || b.text === "") return Number(a.text === "") - Number(b.text === "");
    const isWord = Number.isNaN(a.number);
    if (isWord !== Number.isNaN(b.number)) return isWord ? sign : -sign;
    if (!isWord) return sign * (a.number - b.number);
    if (a.text === b.text) return 0;
    return a.text < b.text ? -sign : sign;
  };
  const ranked = Array.from({ length: count }, (_, row): Ranked => {
    const text = textOf(row);
    return { row, text, number: Number(text) };
  });
  return ranked.sort(order).map(({ row }) => row);
}

/** An image that `mlflow.log_table` stored beside a table. Both paths are in the same artifacts. */
export interface TableImage {
  path: string;
  /** Of the same pixels, in fewer bytes. */
  compressedPath: string;
}

export interface LogTable {
  columns: string[];
  rows: (string | TableImage)[][];
}

/** A value of JSON or Parquet as the text of a cell. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "bigint") return inner;
    return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
  });
}

/** A table from `mlflow.log_table` (`{"columns": […], "data": [[…]]}`); undefined for any other JSON. */
export function logTable(value: unknown): LogTable | undefined {
  if (typeof value !== "object" || value === null || !("columns" in value) || !("data" in value)) return undefined;
  const { columns, data } = value;
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every((row) => Array.isArray(row))) return undefined;
  return {
    columns: columns.map(cellText),
    rows: data.map((row: unknown[]) => row.map((cell) => tableImage(cell) ?? cellText(cell))),
  };
}

/** An `mlflow.Image` of a table: `{"type": "image", "filepath", "compressed_filepath"}`. */
function tableImage(cell: unknown): TableImage | undefined {
  if (typeof cell !== "object" || cell === null || !("type" in cell) || cell.type !== "image") return undefined;
  if (!("filepath" in cell) || typeof cell.filepath !== "string") return undefined;
  const isCompressed = "compressed_filepath" in cell && typeof cell.compressed_filepath === "string";
  return { path: cell.filepath, compressedPath: isCompressed ? String(cell.compressed_filepath) : cell.filepath };
}
