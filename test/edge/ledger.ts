/** One call of D1 or of a Durable Object. */
export interface Trip {
  readonly to: "d1" | "runs" | "writes" | "gate";
  readonly what: string;
  /** The call's round: 1 if it waited for no other call, otherwise one more than the round of the calls that it waited for. */
  readonly round: number;
  readonly isInsideObject: boolean;
  /** What D1 was asked to be as new as, where it was asked in a session: a bookmark, or "first-primary". */
  readonly session: string | undefined;
  rowsRead: number;
  rowsWritten: number;
}

interface Held {
  readonly isInsideObject: boolean;
  round: number | undefined;
}

/** After this number of turns of the event loop without a new call, the code is considered to be waiting for held calls. */
const QUIET_TURNS = 12;

/**
 * The calls of a request to D1 and to objects. Each call is held until all running code waits for such a call. Then all held
 * calls start together, as one *round*. So the number of rounds is the number of sequential round trips: counted, not timed.
 */
export class Ledger {
  trips: Trip[] = [];
  rounds = 0;
  /** Rows of objects' own SQLite. */
  objectRowsRead = 0;
  objectRowsWritten = 0;
  alarmsSet = 0;
  /** Reads of the artifacts' bucket. */
  bucketReads: { readonly what: "get" | "head"; readonly bytes: number }[] = [];
  /** Location hints of named objects, after what the object is. */
  hints: string[] = [];
  #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  readonly #held = new Set<Held>();
  #running = 0;
  #objectCalls = 0;
  #quietTurns = 0;
  isHolding = false;

  clear(): void {
    this.trips = [];
    this.rounds = 0;
    this.#cursors = [];
    this.objectRowsRead = 0;
    this.objectRowsWritten = 0;
    this.alarmsSet = 0;
    this.bucketReads = [];
    this.hints = [];
  }

  /** Counts a cursor's rows when the cursor has been read. */
  addCursor(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.#cursors.push(cursor);
    if (this.#cursors.length > 1000) this.settleCursors();
  }

  settleCursors(): void {
    for (const { rowsRead, rowsWritten } of this.#cursors) {
      this.objectRowsRead += rowsRead;
      this.objectRowsWritten += rowsWritten;
    }
    this.#cursors = [];
  }

  /** @param call makes the call, and notes its rows in the trip */
  async call<T>(
    to: Trip["to"],
    what: string,
    isInsideObject: boolean,
    call: (trip: Trip) => Promise<T>,
    session?: string,
  ): Promise<T> {
    const round = this.isHolding ? await this.#hold(isInsideObject) : 0;
    const trip = { to, what, round, isInsideObject, session, rowsRead: 0, rowsWritten: 0 };
    this.trips.push(trip);
    const isObject = to !== "d1";
    if (isObject) this.#objectCalls++;
    else this.#running++;
    try {
      return await call(trip);
    } finally {
      if (isObject) this.#objectCalls--;
      else this.#running--;
      this.#quietTurns = 0;
    }
  }

  /** Each call counts its own turns, because in workerd no request may wait for another request's promise. @returns its round */
  async #hold(isInsideObject: boolean): Promise<number> {
    const held: Held = { isInsideObject, round: undefined };
    this.#held.add(held);
    this.#quietTurns = 0;
    while (held.round === undefined) {
      await scheduler.wait(0);
      // If several calls wait, one of them counts the turns.
      if (this.#held.values().next().value === held) this.#turn();
    }
    return held.round;
  }

  #turn(): void {
    const isBlocked =
      this.#running === 0 && (this.#objectCalls === 0 || [...this.#held].some(({ isInsideObject }) => isInsideObject));
    if (!isBlocked) this.#quietTurns = 0;
    else if (++this.#quietTurns >= QUIET_TURNS) {
      this.rounds++;
      this.#quietTurns = 0;
      for (const held of this.#held) held.round = this.rounds;
      this.#held.clear();
    }
  }
}

const globals = globalThis as { trackflareLedger?: Ledger };
globals.trackflareLedger ??= new Ledger();

/** The isolate's only ledger. */
export const ledger = globals.trackflareLedger;
