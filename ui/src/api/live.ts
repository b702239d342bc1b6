import { forgetBookmark, postJson } from "./client.ts";
import { type LivePoints, parsePoints } from "./live-frames.ts";
import type { RunStatus } from "./runs.ts";
import type { LifecycleStage } from "./wire.ts";

export type { LivePoints };

/** The run's fields changed. */
export interface RunNotice {
  status?: RunStatus;
  end_time?: number | null;
  run_name?: string;
  lifecycle_stage?: LifecycleStage;
}

export interface LiveListener {
  onPoints(points: LivePoints[]): void;
  onRun(notice: RunNotice): void;
  /** Params or tags were logged, set or deleted. */
  onData(): void;
  /** Connected or reconnected. Points logged meanwhile were missed, so read the series from the last known point on. */
  onOpen(): void;
  /** The socket was refused or lost. It is tried again with growing delays. Poll meanwhile. */
  onLost(): void;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** The most runs for which a page opens sockets. It polls {@link whatChanged} for other runs. */
export const MAX_SOCKETS = 32;

/**
 * Watches a run.
 * @returns a function that stops watching.
 */
export function watchRun(runId: string, listener: LiveListener): () => void {
  let socket: WebSocket | undefined;
  let retryMs = FIRST_RETRY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connect = () => {
    const url = new URL(`ui-api/runs/${runId}/live`, document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      listener.onOpen();
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) return listener.onPoints(parsePoints(runId, data));
      forgetBookmark();
      const { type, ...notice } = JSON.parse(data) as RunNotice & { type: string };
      if (type === "run") listener.onRun(notice);
      else if (type === "data") listener.onData();
    };
    socket.onclose = () => {
      listener.onLost();
      timer = setTimeout(connect, retryMs * (0.75 + Math.random() / 2));
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    };
  };
  connect();
  return () => {
    clearTimeout(timer);
    if (socket === undefined) return;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
  };
}

export interface ChangedRun {
  run_id: string;
  status: RunStatus;
  lifecycle_stage: LifecycleStage;
  run_name: string;
  /** In ms since 1970; null until the run ends. */
  end_time: number | null;
}

export interface Changes {
  /** The requested runs that changed since the cursor, metrics included. Without a cursor, all requested runs. */
  runs: ChangedRun[];
  /** For the next call about the same runs. */
  cursor: string;
}

/** The changes of up to 1,000 runs since an earlier call, for polling runs without a socket. */
export function whatChanged(runIds: readonly string[], cursor?: string, signal?: AbortSignal): Promise<Changes> {
  return postJson("ui-api/live", { run_ids: runIds, ...(cursor !== undefined && { cursor }) }, signal);
}
