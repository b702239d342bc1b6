import { useCallback, useEffect, useRef, useState } from "react";
import { getRange } from "../../api/client.ts";
import type { FileParser } from "./parsers.ts";

const FIRST_PART_BYTES = 256 * 1024;
const PART_BYTES = 2 * 1024 * 1024;
/** A page keeps no more of a file than this. */
const MAX_BYTES = 128 * 1024 * 1024;
/** More lines or rows would exceed the greatest height of a page in browsers, 33 million px. */
export const MAX_LINES = 1_000_000;
const FOLLOW_MS = 2000;

interface Progress {
  /** Changes with each part that was parsed. */
  version: number;
  /** The first byte that was read; not 0 if only the end was read. */
  start: number;
  /** Behind the last byte that was read. */
  end: number;
  /** Of the whole file, in bytes; undefined until the first part is there. */
  total: number | undefined;
  isLoading: boolean;
  error: unknown;
}

export interface FileParts<Parser> extends Progress {
  parser: Parser;
  isComplete: boolean;
  /** The page holds as much of the file as it may. */
  isFull: boolean;
  /** Reads the next part, unless a part is being read. */
  more: () => void;
  retry: () => void;
}

const NOTHING: Progress = { version: 0, start: 0, end: 0, total: undefined, isLoading: true, error: undefined };

interface FilePartsOptions {
  /** Begin at this byte, or with the last part of the file. */
  from?: number | "end" | undefined;
  /** Looks for appended bytes every two seconds. */
  isFollowing?: boolean;
}

/**
 * A file that is read part by part by Range, and parsed as it arrives. So a huge file appears as soon as a small one.
 */
export function useFileParts<Parser extends FileParser>(
  url: string,
  make: (isCut: boolean) => Parser,
  { from = 0, isFollowing = false }: FilePartsOptions = {},
): FileParts<Parser> {
  const parser = useRef<Parser>(undefined);
  parser.current ??= make(false);
  const makeLatest = useRef(make);
  makeLatest.current = make;
  const [progress, setProgress] = useState(NOTHING);
  const at = useRef(NOTHING);
  const abort = useRef<AbortController>(undefined);
  const update = useCallback((patch: Partial<Progress>): void => {
    at.current = { ...at.current, ...patch };
    setProgress(at.current);
  }, []);
  const read = useCallback(async (): Promise<void> => {
    if (abort.current !== undefined) return;
    const controller = new AbortController();
    abort.current = controller;
    const { signal } = controller;
    try {
      let { start, end, total } = at.current;
      if (total === undefined && from !== 0) {
        const size = (await getRange(url, 0, 0, signal)).totalBytes ?? 0;
        start = end = Math.max(0, Math.min(from === "end" ? size - FIRST_PART_BYTES : from, size - 1));
        parser.current = makeLatest.current(start > 0);
      }
      const length = end === start ? FIRST_PART_BYTES : PART_BYTES;
      // A request beyond the end of a file fails, so the last byte is requested again, with the bytes after it.
      const again = end > start && end === total ? 1 : 0;
      const { bytes, totalBytes } = await getRange(url, end - again, end + length - 1, signal);
      if (signal.aborted) return;
      total = totalBytes ?? end + bytes.length - again;
      if (bytes.length > again) parser.current?.push(bytes.subarray(again));
      end += Math.max(0, bytes.length - again);
      update({ version: at.current.version + 1, start, end, total, isLoading: false, error: undefined });
    } catch (error) {
      if (!signal.aborted) update({ isLoading: false, error });
    } finally {
      if (abort.current === controller) abort.current = undefined;
    }
  }, [url, from, update]);
  useEffect(() => {
    parser.current = makeLatest.current(false);
    at.current = NOTHING;
    setProgress(NOTHING);
    void read();
    return () => {
      abort.current?.abort();
      abort.current = undefined;
    };
  }, [read]);
  const isFull = progress.end - progress.start >= MAX_BYTES || parser.current.count >= MAX_LINES;
  useEffect(() => {
    if (!isFollowing || isFull) return;
    const timer = setInterval(() => void read(), FOLLOW_MS);
    return () => clearInterval(timer);
  }, [isFollowing, isFull, read]);
  const isComplete = progress.total !== undefined && progress.end >= progress.total;
  const more = (): void => {
    if (!isComplete && !isFull && at.current.error === undefined) void read();
  };
  const retry = (): void => {
    update({ isLoading: true, error: undefined });
    void read();
  };
  return { parser: parser.current, ...progress, isComplete, isFull, more, retry };
}
