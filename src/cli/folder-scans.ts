import { opendir } from "node:fs/promises";
import { compareCodePoints } from "../domain/code-points.ts";

/** How many names one reading of a folder keeps for the pages that follow. Of a larger folder, the rest is read again. */
const WINDOW_NAMES = 100_000;
/** How many names of all folders are in memory between pages. */
const MAX_KEPT_NAMES = 200_000;
/** A list whose next page nobody asks for is forgotten after this time. */
const WINDOW_MS = 60_000;
/** How many entries one call of the file system returns. */
const ENTRIES_PER_READ = 1024;

/** A stretch of a folder's names, in order. */
interface Window {
  readonly path: string;
  /** All of the names come after this one; "" for the beginning of the folder. */
  readonly from: string;
  readonly names: readonly string[];
  /** Whether more names follow in the folder. */
  readonly isCut: boolean;
  usedMs: number;
}

/** A reading of a folder that is under way. */
interface Reading {
  readonly path: string;
  /** Whether a list has begun since, which may have to show files that this reading misses. */
  isOutdated: boolean;
}

export interface NamePage {
  /** In the order of code points. A folder's name ends with a slash. */
  readonly names: readonly string[];
  readonly hasMore: boolean;
}

/**
 * Folders' names in order, page by page. A file system returns names in no order, so each page by itself would need a reading
 * of the whole folder. Therefore a reading keeps names for the pages that follow. A first page always reads the folder, and
 * later pages show the folder as it was then or later.
 */
export class FolderScans {
  readonly #windowNames: number;
  #windows: Window[] = [];
  readonly #underWay = new Set<Reading>();

  constructor(windowNames = WINDOW_NAMES) {
    this.#windowNames = windowNames;
  }

  /**
   * @param path of the folder.
   * @param from the last name of the previous page, "" for the first page.
   */
  async page(path: string, from: string, limit: number): Promise<NamePage> {
    this.#windows = this.#windows.filter(({ usedMs }) => usedMs > Date.now() - WINDOW_MS);
    if (from === "") this.#forget(path);
    const known = this.#windows.find((window) => window.path === path && covers(window, from, limit));
    const window = known ?? (await this.#read(path, from, limit));
    window.usedMs = Date.now();
    const start = indexAfter(window.names, from);
    return {
      names: window.names.slice(start, start + limit),
      hasMore: window.isCut || window.names.length > start + limit,
    };
  }

  async #read(path: string, from: string, limit: number): Promise<Window> {
    const reading: Reading = { path, isOutdated: false };
    this.#underWay.add(reading);
    try {
      const window = { path, from, usedMs: Date.now(), ...(await namesAfter(path, from, this.#windowNames)) };
      if (window.names.length > limit && !reading.isOutdated) this.#keep(window);
      return window;
    } finally {
      this.#underWay.delete(reading);
    }
  }

  #keep(window: Window): void {
    this.#windows.push(window);
    let kept = this.#windows.reduce((sum, { names }) => sum + names.length, 0);
    while (kept > MAX_KEPT_NAMES) kept -= this.#windows.shift()?.names.length ?? kept;
  }

  #forget(path: string): void {
    this.#windows = this.#windows.filter((window) => window.path !== path);
    for (const reading of this.#underWay) if (reading.path === path) reading.isOutdated = true;
  }
}

/** The first `limit` names of a folder after `from`, in order. At most twice as many are in memory at a time. */
async function namesAfter(path: string, from: string, limit: number): Promise<Pick<Window, "names" | "isCut">> {
  let names: string[] = [];
  let isCut = false;
  const cut = () => {
    names.sort(compareCodePoints);
    isCut ||= names.length > limit;
    names = names.slice(0, limit);
  };
  for await (const entry of await opendir(path, { bufferSize: ENTRIES_PER_READ })) {
    const name = entry.isDirectory() ? `${entry.name}/` : entry.name;
    if (compareCodePoints(name, from) > 0) names.push(name);
    if (names.length >= 2 * limit) cut();
  }
  cut();
  return { names, isCut };
}

function covers({ from: start, names, isCut }: Window, from: string, limit: number): boolean {
  return compareCodePoints(start, from) <= 0 && (!isCut || indexAfter(names, from) + limit <= names.length);
}

/** The index of the first name after `from`. */
function indexAfter(names: readonly string[], from: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareCodePoints(names[middle] ?? "", from) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
