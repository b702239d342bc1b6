import { useEffect, useRef, useState } from "react";
import { type LivePoints, MAX_SOCKETS, type RunNotice, watchRun, whatChanged } from "../api/live.ts";

export interface LiveRunsListener {
  onPoints(points: LivePoints[]): void;
  /** Points of the run may be missing. */
  onMissed(runId: string): void;
  onRun?(runId: string, notice: RunNotice): void;
}

/**
 * `off`: none of the runs is running. `polling`: the page asks about some runs every two seconds, because their sockets
 * are refused or there are too many.
 */
export type LiveState = "off" | "connecting" | "live" | "polling";

const POLL_MS = 2000;

interface Watch {
  readonly listeners: Set<LiveRunsListener>;
  readonly states: Set<() => void>;
  isOpen: boolean;
  hasFailed: boolean;
  stop: () => void;
}

/** The page's sockets: one per run, for all charts. */
const watches = new Map<string, Watch>();

function watch(runId: string, listener: LiveRunsListener, onState: () => void): (() => void) | undefined {
  let shared = watches.get(runId);
  if (shared === undefined) {
    if (watches.size >= MAX_SOCKETS) return undefined;
    shared = open(runId);
    watches.set(runId, shared);
  }
  const { listeners, states } = shared;
  listeners.add(listener);
  states.add(onState);
  return () => {
    listeners.delete(listener);
    states.delete(onState);
    if (listeners.size > 0) return;
    watches.get(runId)?.stop();
    watches.delete(runId);
  };
}

function open(runId: string): Watch {
  const opened: Watch = {
    ...{ listeners: new Set(), states: new Set(), isOpen: false, hasFailed: false },
    stop: () => undefined,
  };
  const each = (tell: (listener: LiveRunsListener) => void): void => opened.listeners.forEach(tell);
  const become = (isOpen: boolean): void => {
    opened.isOpen = isOpen;
    opened.hasFailed = !isOpen;
    for (const tell of opened.states) tell();
  };
  opened.stop = watchRun(runId, {
    onPoints: (points) => each((listener) => listener.onPoints(points)),
    onRun: (notice) => each((listener) => listener.onRun?.(runId, notice)),
    onData: () => undefined,
    onOpen: () => {
      each((listener) => listener.onMissed(runId));
      become(true);
    },
    onLost: () => become(false),
  });
  return opened;
}

/** Follows live runs by sockets, and polls runs without a socket. */
export function useLiveRuns(runIds: readonly string[], listener: LiveRunsListener): LiveState {
  const latest = useRef(listener);
  latest.current = listener;
  const [state, setState] = useState<LiveState>("off");
  const name = runIds.join();
  useEffect(() => {
    const ids = name === "" ? [] : name.split(",");
    if (ids.length === 0) return setState("off");
    const forward: LiveRunsListener = {
      onPoints: (points) => latest.current.onPoints(points),
      onMissed: (runId) => latest.current.onMissed(runId),
      onRun: (runId, notice) => latest.current.onRun?.(runId, notice),
    };
    const withoutSocket = (): string[] => ids.filter((id) => watches.get(id)?.hasFailed ?? !watches.has(id));
    const update = (): void => {
      if (withoutSocket().length > 0) setState("polling");
      else setState(ids.every((id) => watches.get(id)?.isOpen) ? "live" : "connecting");
    };
    const ends = ids.map((id) => watch(id, forward, update));
    update();
    const endPolling = poll(withoutSocket, forward);
    return () => {
      endPolling();
      for (const end of ends) end?.();
    };
  }, [name]);
  return state;
}

/** Polls the runs that `runIds` returns at the time. */
function poll(runIds: () => string[], listener: LiveRunsListener): () => void {
  const abort = new AbortController();
  let asked = "";
  let cursor: string | undefined;
  const ask = async (): Promise<void> => {
    const ids = runIds();
    if (ids.length === 0) return;
    if (ids.join() !== asked) cursor = undefined;
    asked = ids.join();
    const changes = await whatChanged(ids, cursor, abort.signal);
    cursor = changes.cursor;
    for (const { run_id, ...notice } of changes.runs) {
      listener.onMissed(run_id);
      listener.onRun?.(run_id, notice);
    }
  };
  // The next poll asks an unreachable server again. The charts show what they could not read.
  const timer = setInterval(() => ask().catch(() => undefined), POLL_MS);
  return () => {
    clearInterval(timer);
    abort.abort();
  };
}
