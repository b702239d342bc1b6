import { joinUpTo } from "../../domain/bytes.ts";
import type { RunStatus } from "../../domain/entities.ts";

/** A request for a socket names the run in it: an object does not know its own name before its first point. */
export const RUN_ID_HEADER = "X-Trackflare-Run-Id";
/** The header with the run's cell, unless the object is the run's own. */
export const CELL_HEADER = "X-Trackflare-Cell";
/** The header with the time until which the watcher may get messages, in milliseconds since 1970. Absent: no end. */
export const UNTIL_HEADER = "X-Trackflare-Watch-Until";

/** What the watchers of a run are told in addition to its points, as JSON. */
export type RunNotice =
  | {
      readonly type: "run";
      readonly status?: RunStatus;
      /** In milliseconds; null while the run goes on. */
      readonly end_time?: number | null;
      readonly run_name?: string;
      readonly lifecycle_stage?: "active" | "deleted";
    }
  /** Params or tags were logged, set or deleted: read the run again. */
  | { readonly type: "data" };

/** Points that come within this time after a message wait for the next message. */
const GATHER_MS = 40;

/** The platform takes messages up to 1 MiB. */
const MAX_MESSAGE_BYTES = 1_000_000;

/** Sent by watchers to check whether they are still connected. The platform answers without waking the object. */
export const PING = "ping";
export const PONG = "pong";

/** What is needed of a WebSocket. */
export interface Listener {
  send(message: string | Uint8Array): void;
}

/**
 * The sockets of a run's watchers. The sockets outlive the object's instances, so watching a run that logs nothing costs
 * nothing. Messages wait at the platform's output gate, so no watcher is told of a point that is not durable.
 */
export class LiveSockets {
  readonly #list: () => readonly Listener[];
  #count: number;
  #waiting: Uint8Array[] = [];
  #isGathering = false;

  /** @param list the run's open sockets */
  constructor(list: () => readonly Listener[]) {
    this.#list = list;
    this.#count = list().length;
  }

  get hasWatchers(): boolean {
    return this.#count > 0;
  }

  /** Whether points wait for their message. */
  get isGathering(): boolean {
    return this.#isGathering;
  }

  /** To be called when a socket was opened, or when `left` was closed. */
  recount(left?: Listener): void {
    this.#count = this.#list().filter((socket) => socket !== left).length;
  }

  /** Sends points: a message is a sequence of bodies made by `encodePoints`. */
  tellPoints(bodies: readonly Uint8Array[]): void {
    if (!this.hasWatchers) return;
    this.#waiting.push(...bodies);
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#sendWaiting();
    setTimeout(() => {
      this.#isGathering = false;
      this.#sendWaiting();
    }, GATHER_MS);
  }

  tell(notice: RunNotice): void {
    if (!this.hasWatchers) return;
    this.#sendWaiting();
    this.#send(JSON.stringify(notice));
  }

  #sendWaiting(): void {
    const bodies = this.#waiting;
    this.#waiting = [];
    for (const message of joinUpTo(MAX_MESSAGE_BYTES, bodies)) this.#send(message);
  }

  #send(message: string | Uint8Array): void {
    for (const socket of this.#list()) {
      try {
        socket.send(message);
      } catch {
        // Closed meanwhile: the platform will report the close.
      }
    }
  }
}
