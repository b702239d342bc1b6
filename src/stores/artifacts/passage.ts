/** How many bytes of a body are in memory. Fewer, larger pieces take fewer turns between two streams. */
const PIECE_BYTES = 256 * 1024;

/**
 * The memory for the pieces of a body. A small body takes little, and one byte more than it has, so that the first read
 * tells where it ends.
 */
export function pieceBytes(length: number | undefined): number {
  return Math.min(PIECE_BYTES, (length ?? PIECE_BYTES) + 1);
}

/**
 * How a body was passed on: `whole`; or it `broke off`: it failed, or has another length than stated; or the store did not
 * take it.
 */
export type Outcome = "whole" | "broke off" | "not taken";

/** A body on its way to a store. */
export interface Passage {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Ends the passage: the store has failed or refused, so it takes no more. */
  giveUp(): void;
}

/**
 * Passes a body on, piece by piece. A pipe does not tell which of its ends failed: if one end loses its connection, both
 * fail with the same words. Here the call that fails tells it, and the first failure counts.
 * @param body a byte stream; one buffer takes all its pieces in turn.
 * @param length that the body must have, if it is known.
 * @param end is written after the last byte.
 */
export function passOn(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  { length, end }: { readonly length?: number | undefined; readonly end?: Uint8Array } = {},
): Passage {
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  const reader = body.getReader({ mode: "byob" });
  const writer = writable.getWriter();

  // Neither end is waited for: an end that is broken may never answer.
  function stop(result: "broke off" | "not taken"): void {
    resolve(result);
    reader.cancel().catch(() => undefined);
    writer.abort(new Error(`The body ${result}`)).catch(() => undefined);
  }

  async function run(): Promise<void> {
    let buffer: ArrayBufferLike = new ArrayBuffer(pieceBytes(length));
    let passed = 0;
    for (let isEnd = false; !isEnd; ) {
      const wanted = buffer.byteLength;
      const read: ReadableStreamReadResult<Uint8Array> | undefined = await reader
        .readAtLeast(wanted, new Uint8Array(buffer))
        .catch(() => undefined);
      if (read === undefined) return stop("broke off");
      const piece: Uint8Array = read.value ?? new Uint8Array();
      passed += piece.length;
      if (length !== undefined && passed > length) return stop("broke off");
      if (piece.length > 0 && !(await isWritten(writer, piece))) return stop("not taken");
      isEnd = piece.length < wanted;
      buffer = piece.buffer;
    }
    if (length !== undefined && passed < length) return stop("broke off");
    if (end !== undefined && !(await isWritten(writer, end))) return stop("not taken");
    resolve("whole");
    await writer.close().catch(() => undefined);
  }
  void run();
  return { outcome, giveUp: () => stop("not taken") };
}

function isWritten(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): Promise<boolean> {
  return writer.write(bytes).then(
    () => true,
    () => false,
  );
}
