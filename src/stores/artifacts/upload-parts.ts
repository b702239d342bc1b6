import { incompleteUpload, isStoreFailure, storeFailed } from "./artifact-errors.ts";

/** R2 requires all parts but the last to have the same size. R2 and S3 require at least 5 MiB, and at most 10,000 parts. */
const PART_BYTES = 8 * 1024 * 1024;

/** The reason for which a body is no longer passed on: the store refused it. */
const GIVEN_UP = "the store does not take the rest";

/**
 * Sends a body of a stated length.
 * @returns the answer of `send`.
 * @throws MlflowError INVALID_PARAMETER_VALUE when the body has another length.
 */
export async function sizedStream<Answer>(
  key: string,
  body: ReadableStream<Uint8Array>,
  contentLength: number,
  send: (sized: ReadableStream<Uint8Array>) => Promise<Answer>,
): Promise<Answer> {
  const sized = new FixedLengthStream(contentLength);
  const refusal = new AbortController();
  const piping = Promise.allSettled([body.pipeTo(sized.writable, { signal: refusal.signal })]);
  const [sent] = await Promise.allSettled([send(sized.readable)]);
  // A store that fails or refuses stops reading, so the body would never be passed on completely.
  if (sent.status === "rejected") refusal.abort(new Error(GIVEN_UP));
  if (sent.status === "rejected" && isStoreFailure(sent.reason)) throw storeFailed(key);
  const [piped] = await piping;
  // workerd makes another error of the signal's reason, with the same message.
  const brokeOff = piped.status === "rejected" && !String(piped.reason).includes(GIVEN_UP);
  if (brokeOff || isShort(sent)) throw incompleteUpload(key);
  if (sent.status === "rejected") throw sent.reason;
  return sent.value;
}

/** Whether the body ended before its stated length. */
function isShort(sent: PromiseSettledResult<unknown>): boolean {
  return (
    sent.status === "rejected" && sent.reason instanceof Error && sent.reason.message.includes("FixedLengthStream")
  );
}

/**
 * A body of unknown length in parts of one size, one at a time. The last part is shorter, and may be empty.
 * @throws MlflowError INVALID_PARAMETER_VALUE when the body breaks off.
 */
export async function* partsOf(
  key: string,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array; isLast: boolean }, void> {
  const bytes = new IdentityTransformStream();
  const piped = body.pipeTo(bytes.writable).catch(() => undefined);
  const reader = bytes.readable.getReader({ mode: "byob" });
  let isWhole = false;
  try {
    while (!isWhole) {
      const read = reader.readAtLeast(PART_BYTES, new Uint8Array(PART_BYTES));
      const { value } = await read.catch(() => Promise.reject(incompleteUpload(key)));
      isWhole = (value?.length ?? 0) < PART_BYTES;
      yield { bytes: value ?? new Uint8Array(), isLast: isWhole };
    }
  } finally {
    if (!isWhole) await reader.cancel().catch(() => undefined);
    await piped;
  }
}
