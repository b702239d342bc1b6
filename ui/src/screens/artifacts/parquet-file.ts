import {
  type AsyncBuffer,
  type ColumnChunk,
  type ColumnData,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { getRange } from "../../api/client.ts";
import { compressors } from "./parquet-compressors.ts";
import { cellText } from "./parsers.ts";
import type { CellShape } from "./table-view.tsx";

/** Behind a column's dictionary, at first: the usual writers' pages of its indices are smaller. */
const FIRST_BYTES = 320 * 1024;
const FOOTER_BYTES = 512 * 1024;

/** Decoded values of one column: of one page or of several. */
interface Page {
  fromRow: number;
  /** Behind the last one. */
  toRow: number;
  values: DecodedArray;
}

/**
 * A Parquet file. Each column is read by itself, from its start. Decoded values are kept, and only the shown ones
 * become text.
 */
export class ParquetFile {
  readonly columns: readonly string[];
  /** The schema's facts about columns that are not read. */
  readonly shapes: readonly CellShape[];
  readonly totalRows: number;
  readonly #metadata: FileMetaData;
  readonly #bytes: FileBytes;
  readonly #fields: readonly SchemaTree[];
  readonly #pages: readonly Page[][];

  constructor(bytes: FileBytes, metadata: FileMetaData) {
    this.#bytes = bytes;
    this.#metadata = metadata;
    this.#fields = parquetSchema(metadata).children;
    this.#pages = this.#fields.map(() => []);
    this.columns = this.#fields.map(({ element }) => element.name);
    this.shapes = this.#fields.map(shapeOf);
    this.totalRows = Number(metadata.num_rows);
  }

  /** @param byteLength what is thought to be the file's; what the server says counts. */
  static async open(url: string, byteLength: number): Promise<ParquetFile> {
    const from = Math.max(0, byteLength - FOOTER_BYTES);
    const { bytes, totalBytes = byteLength } = await getRange(url, from, byteLength - 1);
    if (totalBytes !== byteLength) return ParquetFile.open(url, totalBytes);
    const file = new FileBytes(url, byteLength, from, bytes);
    const metadata = await parquetMetadataAsync(file.within(new Map()), { initialFetchSize: FOOTER_BYTES });
    return new ParquetFile(file, metadata);
  }

  /** How many rows of a column can be shown, from the first on. */
  rowsOf(column: number): number {
    return this.#pages[column]?.at(-1)?.toRow ?? 0;
  }

  /** The text of a cell; undefined if the cell was not read. */
  cell(row: number, column: number): string | undefined {
    const page = this.#pages[column]?.findLast(({ fromRow }) => fromRow <= row);
    return page !== undefined && row < page.toRow ? cellText(page.values[row - page.fromRow]) : undefined;
  }

  /**
   * Reads a column on until it has `to` rows; whole pages are decoded, so it may have more. A row group may be the whole
   * file, so only the start of the column is asked for, and more until the rows are in it.
   */
  async read(column: number, to: number): Promise<void> {
    for (let spare = FIRST_BYTES; ; spare *= 2) {
      const limits = this.#limits(column, to, spare);
      try {
        await this.#readWithin(limits, column, to);
        return;
      } catch (error) {
        // Values that are cut off cannot be decoded.
        if (limits.size === 0) throw error;
      }
    }
  }

  /** By where a column's chunks begin: how many bytes of them are likely to hold the rows. Of chunks without one all are read. */
  #limits(column: number, to: number, spare: number): Map<number, number> {
    const limits = new Map<number, number>();
    const field = this.#fields[column]!;
    // For a column of lists or structs, it is unknown how many rows a part of it has.
    if (field.children.length > 0 || field.element.repetition_type === "REPEATED") return limits;
    let groupFrom = 0;
    for (const { columns, num_rows } of this.#metadata.row_groups) {
      const rows = Number(num_rows);
      const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === field.element.name);
      const limit = chunk && limitOf(chunk, Math.min(1, (to - groupFrom) / rows), spare);
      if (limit !== undefined && groupFrom < to) limits.set(limit.start, limit.bytes);
      groupFrom += rows;
    }
    return limits;
  }

  async #readWithin(limits: ReadonlyMap<number, number>, column: number, to: number): Promise<void> {
    const chunks: ColumnData[] = [];
    await parquetRead({
      file: this.#bytes.within(limits),
      metadata: this.#metadata,
      compressors,
      columns: [this.columns[column]!],
      rowStart: this.rowsOf(column),
      rowEnd: to,
      useOffsetIndex: true,
      onChunk: (chunk) => chunks.push(chunk),
    });
    for (const { rowStart, rowEnd, columnData } of chunks.sort((a, b) => a.rowStart - b.rowStart)) {
      const known = this.rowsOf(column);
      if (rowStart > known || rowEnd <= known) continue;
      this.#pages[column]!.push({ fromRow: rowStart, toRow: rowEnd, values: columnData });
    }
    if (this.rowsOf(column) < to) throw new RangeError("The rows are cut off.");
  }
}

/** Undefined if it is not worthwhile, or if an index has the positions of the pages. */
function limitOf({ meta_data, offset_index_offset }: ColumnChunk, share: number, spare: number) {
  if (meta_data === undefined || offset_index_offset !== undefined) return undefined;
  const dataStart = Number(meta_data.data_page_offset);
  const start = Number(meta_data.dictionary_page_offset || dataStart);
  const total = Number(meta_data.total_compressed_size);
  const dictionary = dataStart - start;
  const bytes = Math.ceil(dictionary + (total - dictionary) * share + spare);
  return bytes < total ? { start, bytes } : undefined;
}

function shapeOf({ element, children }: SchemaTree): CellShape {
  const { type, logical_type, converted_type } = element;
  const isPlain = children.length === 0 && logical_type === undefined && converted_type === undefined;
  if (isPlain && (type === "DOUBLE" || type === "FLOAT")) return { characters: 18, isNumeric: true };
  if (isPlain && (type === "INT32" || type === "INT64")) return { characters: 10, isNumeric: true };
  return { characters: type === "BOOLEAN" ? 5 : 20, isNumeric: false };
}

/** A file with a known end. Other ranges are read on request. Each byte is read once. */
class FileBytes {
  readonly #url: string;
  readonly #byteLength: number;
  readonly #endFrom: number;
  readonly #end: Uint8Array;
  /** The known bytes from a position on. */
  readonly #known = new Map<number, Promise<Uint8Array>>();

  constructor(url: string, byteLength: number, endFrom: number, end: Uint8Array) {
    this.#url = url;
    this.#byteLength = byteLength;
    this.#endFrom = endFrom;
    this.#end = end;
  }

  /** @param limits by where a range begins: how many bytes of it are given. */
  within(limits: ReadonlyMap<number, number>): AsyncBuffer {
    return {
      byteLength: this.#byteLength,
      slice: async (start, end = this.#byteLength) => {
        const from = start < 0 ? this.#byteLength + start : start;
        if (from >= this.#endFrom) return this.#end.slice(from - this.#endFrom, end - this.#endFrom).buffer;
        const wanted = Math.min(end - from, limits.get(from) ?? Number.POSITIVE_INFINITY);
        const known = (this.#known.get(from) ?? Promise.resolve(new Uint8Array())).then((bytes) =>
          bytes.length < wanted ? this.#readOn(from, bytes, wanted) : bytes,
        );
        this.#known.set(from, known);
        known.catch(() => this.#known.delete(from));
        return (await known).slice(0, wanted).buffer as ArrayBuffer;
      },
    };
  }

  async #readOn(from: number, known: Uint8Array, wanted: number): Promise<Uint8Array> {
    const { bytes } = await getRange(this.#url, from + known.length, from + wanted - 1);
    const all = new Uint8Array(known.length + bytes.length);
    all.set(known);
    all.set(bytes, known.length);
    return all;
  }
}
