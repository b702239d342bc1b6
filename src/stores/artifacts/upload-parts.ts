import { IncompleteUpload, isStoreFailure, storeFailed } from "./artifact-errors.ts";
import { passOn } from "./passage.ts";

/** R2 requires all parts but the last to have the same size. R2 and S3 require at least 5 MiB, and at most 10,000 parts. */
const PART_BYTES = 8 * 1024 * 1024;

/**
 * Sends a body of a stated length.
 * @returns the answer of `send`.
 * @throws MlflowError INVALID_PARAMETER_VALUE when the body breaks off or has another length.
 */
export async function sizedStream<Answer>(
  key: string,
  body: ReadableStream<Uint8Array>,
  contentLength: number,
  send: (sized: ReadableStream<Uint8Array>) => Promise<Answer>,
): Promise<Answer> {
  const sized = new FixedLengthStream(contentLength);
  const passage = passOn(body, sized.writable, { length: contentLength });
  const [sent] = await Promise.allSettled([send(sized.readable)]);
  // A store that fails or refuses stops reading, so the body would never be passed on completely.
  if (sent.status === "rejected") passage.giveUp();
  const outcome = await passage.outcome;
  if (outcome === "broke off") throw new IncompleteUpload(key);
  if (sent.status === "rejected") throw isStoreFailure(sent.reason) ? storeFailed(key) : sent.reason;
  if (outcome === "not taken") throw storeFailed(key);
  return sent.value;
}

/**
 * A body of unknown length in parts of one size, one at a time. The last part is shorter, and may be empty. All parts have
 * the same memory in turn, so a part must be used before the next one is asked for.
 * @throws MlflowError INVALID_PARAMETER_VALUE when the body breaks off.
 */
export async function* partsOf(
  key: string,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array; isLast: boolean }, void> {
  const reader = body.getReader({ mode: "byob" });
  let buffer: ArrayBufferLike = new ArrayBuffer(PART_BYTES);
  let isWhole = false;
  try {
    while (!isWhole) {
      const read: ReadableStreamReadResult<Uint8Array> = await reader
        .readAtLeast(PART_BYTES, new Uint8Array(buffer))
        .catch(() => Promise.reject(new IncompleteUpload(key)));
      const bytes: Uint8Array = read.value ?? new Uint8Array();
      isWhole = bytes.length < PART_BYTES;
      yield { bytes, isLast: isWhole };
      buffer = bytes.buffer;
    }
  } finally {
    if (!isWhole) reader.cancel().catch(() => undefined);
  }
}
