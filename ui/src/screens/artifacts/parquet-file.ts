import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead, parquetSchema } from "hyparquet";
import { getRange } from "../../api/client.ts";
import { compressors } from "./parquet-compressors.ts";
import { cellText } from "./parsers.ts";

/** Of a column in a row group, at first: pages of the usual writers are up to 1 MB, those of small columns much less. */
const FIRST_BYTES = 256 * 1024;
const FOOTER_BYTES = 512 * 1024;

/** A Parquet file of which rows are read in order. */
export class ParquetFile {
  readonly columns: readonly string[];
  readonly totalRows: number;
  readonly #metadata: FileMetaData;
  readonly #chunks: ChunkStarts;
  /** Columns of lists and structs are read to their end: how many rows a part of one holds is not known. */
  readonly #isFlat: boolean;
  readonly #largestBytes: number;
  #limit = FIRST_BYTES;

  constructor(url: string, byteLength: number, metadata: FileMetaData) {
    const { children } = parquetSchema(metadata);
    this.#metadata = metadata;
    this.columns = children.map(({ element }) => element.name);
    this.totalRows = Number(metadata.num_rows);
    this.#isFlat = children.every(
      (child) => child.children.length === 0 && child.element.repetition_type !== "REPEATED",
    );
    this.#chunks = new ChunkStarts(url, byteLength);
    const chunks = metadata.row_groups.flatMap((group) => group.columns);
    this.#largestBytes = Math.max(0, ...chunks.map(({ meta_data }) => Number(meta_data?.total_compressed_size ?? 0)));
  }

  static async open(url: string): Promise<ParquetFile> {
    const byteLength = (await getRange(url, 0, 0)).totalBytes ?? 0;
    const footer = new ChunkStarts(url, byteLength);
    const metadata = await parquetMetadataAsync(footer.upTo(Number.POSITIVE_INFINITY), {
      initialFetchSize: FOOTER_BYTES,
    });
    return new ParquetFile(url, byteLength, metadata);
  }

  /**
   * Rows as text. A row group may be the whole file, so only the start of each of its columns is read at first, and twice
   * as much until the rows are in it.
   * @param to behind the last row.
   */
  async read(from: number, to: number): Promise<string[][]> {
    for (; ; this.#limit *= 2) {
      const isAll = !this.#isFlat || this.#limit >= this.#largestBytes;
      try {
        return await this.#readWithin(isAll ? Number.POSITIVE_INFINITY : this.#limit, from, to);
      } catch (error) {
        // What is cut off cannot be decoded.
        if (isAll) throw error;
      }
    }
  }

  async #readWithin(limit: number, from: number, to: number): Promise<string[][]> {
    const ends = new Map<string, number>();
    let rows: string[][] = [];
    await parquetRead({
      file: this.#chunks.upTo(limit),
      metadata: this.#metadata,
      compressors,
      rowStart: from,
      rowEnd: to,
      onChunk: ({ columnName, rowEnd }) => ends.set(columnName, Math.max(rowEnd, ends.get(columnName) ?? 0)),
      onComplete: (values: unknown[][]) => {
        rows = values.map((row) => row.map(cellText));
      },
    });
    if (this.columns.some((column) => (ends.get(column) ?? 0) < to)) throw new RangeError("The rows are cut off.");
    return rows;
  }
}

/** A file of which only the starts of the ranges that are asked for are given, and each byte is read once. */
class ChunkStarts {
  readonly #url: string;
  readonly #byteLength: number;
  /** What is known from a place on. */
  readonly #known = new Map<number, Promise<Uint8Array>>();

  constructor(url: string, byteLength: number) {
    this.#url = url;
    this.#byteLength = byteLength;
  }

  upTo(limit: number): AsyncBuffer {
    return {
      byteLength: this.#byteLength,
      slice: async (start, end = this.#byteLength) => {
        const from = start < 0 ? this.#byteLength + start : start;
        const wanted = Math.min(end - from, limit);
        const known = (this.#known.get(from) ?? Promise.resolve(new Uint8Array())).then((bytes) =>
          bytes.length < wanted ? this.#readOn(from, bytes, wanted) : bytes,
        );
        this.#known.set(from, known);
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
