import { yieldTurn } from "../d1/connection/turn.ts";
import { incompleteUpload, isStoreFailure, storeFailed } from "./artifact-errors.ts";

/** R2 requires all parts but the last to have the same size. R2 and S3 require at least 5 MiB, and at most 10,000 parts. */
const PART_BYTES = 8 * 1024 * 1024;

/** The reason for which a body is no longer passed on: the store does not take it. */
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
  const piping = Promise.allSettled([body.pipeTo(sized.writable, { signal: refusal.signal, preventCancel: true })]);
  const [sent] = await Promise.allSettled([send(sized.readable)]);
  if (sent.status === "rejected") {
    // A body that broke off has ended the pipe before the store noticed. A store that fails or refuses stops reading, so
    // the pipe would never end.
    await Promise.race([piping, yieldTurn()]);
    refusal.abort(new Error(GIVEN_UP));
  }
  const [piped] = await piping;
  if (sent.status === "fulfilled" && piped.status === "fulfilled") return sent.value;
  // workerd makes another error of the signal's reason, with the same message.
  const isGivenUp = piped.status === "rejected" && String(piped.reason).includes(GIVEN_UP);
  const brokeOff = (await endsInError(body)) && !isGivenUp;
  if (sent.status === "rejected" && isStoreFailure(sent.reason)) throw storeFailed(key);
  if (brokeOff || sent.status === "fulfilled" || isShort(sent)) throw incompleteUpload(key);
  throw sent.reason;
}

/**
 * Whether a body that is no longer passed on has failed by itself, and ends it. The errors of the two ends do not tell: if
 * either end loses its connection, both ends fail with the same words.
 */
async function endsInError(body: ReadableStream<Uint8Array>): Promise<boolean> {
  const reader = body.getReader();
  const failed = reader.read().then(
    () => false,
    () => true,
  );
  const hasFailed = await Promise.race([failed, yieldTurn().then(() => false)]);
  await reader.cancel().catch(() => undefined);
  return hasFailed;
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
