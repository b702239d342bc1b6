import { readFileSync } from "node:fs";
import { SourceMap, type SourceOrigin } from "node:module";

/** A position in the bundle, in the format of V8's stack traces. */
const PLACE = /file:\/\/\S*\/index\.js:(\d+):(\d+)/g;

/** Maps positions in the minified bundle to positions in the sources, for readers of the log. */
export class SourceTrace {
  readonly #mapFile: string;
  /** Null if the map cannot be read, as after a build that removed it: a log without sources is better than no server. */
  #map: SourceMap | null | undefined;

  /** @param mapFile the bundle's source map. It has megabytes, so it is read only when the first position must be mapped. */
  constructor(mapFile: string) {
    this.#mapFile = mapFile;
  }

  /** A line of the log, with the source file, line and column of each position in the bundle. */
  readable(line: string): string {
    return line.replace(PLACE, (place, row: string, column: string) => {
      if (this.#map === undefined) this.#map = this.#read();
      const origin: Partial<SourceOrigin> = this.#map?.findOrigin(Number(row), Number(column)) ?? {};
      if (origin.fileName === undefined) return place;
      return `${origin.fileName.replace(/^(\.\.\/)+/, "")}:${origin.lineNumber}:${origin.columnNumber}`;
    });
  }

  #read(): SourceMap | null {
    try {
      return new SourceMap(JSON.parse(readFileSync(this.#mapFile, "utf8")));
    } catch {
      return null;
    }
  }
}
