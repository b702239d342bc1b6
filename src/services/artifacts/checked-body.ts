import { createHash } from "node:crypto";
import type { Checksum } from "../../domain/checksums.ts";
import { invalidParameter, type MlflowError } from "../../domain/errors.ts";
import { dropRest } from "../../domain/rest-of-body.ts";
import { pieceBytes } from "../../stores/artifacts/passage.ts";

/** A body that is hashed while it passes. */
export interface CheckedBody {
  readonly body: ReadableStream<Uint8Array> | null;
  /** SHA-256 of all that passed, in hex digits; undefined until the end. */
  sha256(): string | undefined;
  /** 400, where the bytes have another checksum than announced. The body then broke off before its last byte. */
  mismatch(): MlflowError | undefined;
  /** After the store failed or refused: reads what the client still sends, so that the client gets the answer. */
  drop(): Promise<void>;
}

/**
 * Hashes a body while it passes, with one piece in memory. If an announced checksum is wrong, the body breaks off before its
 * last piece, so no store takes it for complete.
 * @param contentLength in bytes; undefined when the client sent no length.
 * @throws MlflowError INVALID_PARAMETER_VALUE at once where the body is empty and a checksum is wrong: it cannot break off.
 */
export function checkedBody(
  body: ReadableStream<Uint8Array> | null,
  contentLength: number | undefined,
  announced: readonly Checksum[],
): CheckedBody {
  const algorithms = new Set(["sha256", ...announced.map(({ algorithm }) => algorithm)]);
  const hashes = new Map([...algorithms].map((algorithm) => [algorithm, createHash(algorithm)]));
  let sha256: string | undefined;
  let mismatch: MlflowError | undefined;

  /** @throws MlflowError INVALID_PARAMETER_VALUE */
  function finish(): void {
    const digests = new Map([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest("hex")]));
    const wrong = announced.find(({ algorithm, hex }) => digests.get(algorithm) !== hex);
    if (wrong !== undefined) {
      mismatch = invalidParameter(
        `The bytes that arrived do not have the checksum of the header ${wrong.header}; nothing was changed.`,
      );
      throw mismatch;
    }
    sha256 = digests.get("sha256");
  }

  const reader = contentLength === 0 ? undefined : body?.getReader({ mode: "byob" });
  let lastRead: Promise<unknown> | undefined;
  const result = {
    sha256: () => sha256,
    mismatch: () => mismatch,
    drop: async () => reader && dropRest(reader, lastRead),
  };
  if (reader === undefined) {
    finish();
    return { body, ...result };
  }

  let piece: ArrayBufferLike = new ArrayBuffer(pieceBytes(contentLength));
  let length = 0;
  // A byte stream copies each piece into the reader's memory. Otherwise every piece would be garbage, which V8 lets grow.
  const checked = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: piece.byteLength,
    async pull(controller) {
      const request = controller.byobRequest;
      const target = request?.view;
      if (!request || !target) throw new Error("A byte stream has memory for each read.");
      const wanted = Math.min(target.byteLength, piece.byteLength);
      const read = reader.readAtLeast(wanted, new Uint8Array(piece, 0, wanted));
      lastRead = read;
      const { value, done } = await read;
      const bytes = value ?? new Uint8Array();
      if (value !== undefined) piece = value.buffer;
      if (bytes.length > 0) for (const hash of hashes.values()) hash.update(bytes);
      length += bytes.length;
      if ((done || length === contentLength) && sha256 === undefined) finish();
      new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
      if (bytes.length === 0) controller.close();
      request.respond(bytes.length);
    },
  });
  return { body: checked, ...result };
}
