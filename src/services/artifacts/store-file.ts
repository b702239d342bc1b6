import type { Checksum } from "../../domain/checksums.ts";
import type { ServiceContext } from "../context.ts";
import { checkedBody } from "./checked-body.ts";
import { recordDigest } from "./file-digests.ts";

/**
 * Stores a file, replacing an existing one, and records the file's SHA-256. The bytes are hashed while they pass. A store
 * takes an object's metadata before its bytes, so the SHA-256 goes to D1, after the answer: no upload waits for D1. The
 * record names the object's ETag, so if the record is lost, the SHA-256 is unknown, but never wrong.
 * @param announced checksums of the bytes that the client announces.
 * @throws MlflowError INVALID_PARAMETER_VALUE where the bytes have another checksum, and as {@link ArtifactStore.put}:
 *   then nothing has changed.
 */
export async function storeFile(
  ctx: ServiceContext,
  objectKey: string,
  body: ReadableStream<Uint8Array> | null,
  contentLength: number | undefined,
  announced: readonly Checksum[],
): Promise<void> {
  const { stored: etag, sha256 } = await storeChecked(body, contentLength, announced, (checked) =>
    ctx.artifacts.put(objectKey, checked, contentLength),
  );
  recordDigest(ctx, objectKey, etag, sha256);
}

/**
 * Lets `store` take a body that is hashed while it passes.
 * @throws MlflowError INVALID_PARAMETER_VALUE where the bytes have another checksum than announced, and what `store` throws.
 */
export async function storeChecked<Stored>(
  body: ReadableStream<Uint8Array> | null,
  contentLength: number | undefined,
  announced: readonly Checksum[],
  store: (checked: ReadableStream<Uint8Array> | null) => Promise<Stored>,
): Promise<{ readonly stored: Stored; readonly sha256: string }> {
  const checked = checkedBody(body, contentLength, announced);
  try {
    return { stored: await store(checked.body), sha256: checked.sha256() ?? "" };
  } catch (error) {
    await checked.drop();
    throw checked.mismatch() ?? error;
  }
}
