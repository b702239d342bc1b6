import { useEffect, useMemo, useState } from "react";
import type { FileParts } from "./file-parts.ts";
import { LineSearch } from "./find-lines.ts";
import type { LineParser } from "./parsers.ts";

export interface Find {
  /** The lines with the words, in order. */
  lines: readonly number[];
  /** More of the file is read and searched. */
  isSearching: boolean;
  /** The loaded part is searched, and more of the file follows. */
  isPaused: boolean;
  setPaused: (isPaused: boolean) => void;
}

const NONE: readonly number[] = [];

/** Finds words in the loaded part of the file, and reads further parts until the whole file is searched. */
export function useFind(file: FileParts<LineParser>, words: string): Find {
  const { parser, version, total, isComplete, isFull, error, more } = file;
  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines are searched anew
  const search = useMemo(() => (words === "" ? undefined : new LineSearch(words)), [words, parser]);
  const [done, setDone] = useState<{ search: LineSearch; version: number }>();
  const [, setTurn] = useState(0);
  const [paused, setPaused] = useState<string>();
  const isPaused = paused === words && !isComplete;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a part that came is searched
  useEffect(() => {
    if (search === undefined || total === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const goOn = (): void => {
      const isDone = search.goOn(parser);
      setTurn((turn) => turn + 1);
      if (!isDone) {
        timer = setTimeout(goOn);
        return;
      }
      setDone({ search, version });
      if (!isPaused) more();
    };
    goOn();
    return () => clearTimeout(timer);
  }, [search, version, total === undefined, isPaused]);
  const isCaughtUp = done !== undefined && done.search === search && done.version === version;
  const canRead = !isComplete && !isFull && error === undefined;
  return {
    lines: search?.lines ?? NONE,
    isSearching: search !== undefined && !isPaused && (!isCaughtUp || canRead),
    isPaused: search !== undefined && isPaused,
    setPaused: (next) => setPaused(next ? words : undefined),
  };
}
