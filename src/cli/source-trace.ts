import { readFileSync } from "node:fs";
import { SourceMap, type SourceOrigin } from "node:module";

/** A place in the bundle, as V8 writes it into a stack trace. */
const PLACE = /file:\/\/\S*\/index\.js:(\d+):(\d+)/g;

/** Turns places in the minified bundle into places in the sources, for whoever reads the log. */
export class SourceTrace {
  readonly #mapFile: string;
  #map: SourceMap | undefined;

  /** @param mapFile the bundle's source map. It has megabytes, so it is read for the first place only. */
  constructor(mapFile: string) {
    this.#mapFile = mapFile;
  }

  /** A line of the log, with the source file, line and column that each place in the bundle was made of. */
  readable(line: string): string {
    return line.replace(PLACE, (place, row: string, column: string) => {
      this.#map ??= new SourceMap(JSON.parse(readFileSync(this.#mapFile, "utf8")));
      const origin: Partial<SourceOrigin> = this.#map.findOrigin(Number(row), Number(column));
      if (origin.fileName === undefined) return place;
      return `${origin.fileName.replace(/^(\.\.\/)+/, "")}:${origin.lineNumber}:${origin.columnNumber}`;
    });
  }
}
