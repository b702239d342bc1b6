import type { Checksum } from "../../domain/checksums.ts";
import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import type { Multipart, UploadedPart } from "../../stores/artifacts/artifact-store.ts";
import type { ServiceContext } from "../context.ts";
import { requireFilePlace } from "./artifact-roots.ts";
import { recordDigest } from "./file-digests.ts";
import { etagWithDigest, expiryIn, type SignedPart, signedPartQuery, splitEtag } from "./signed-urls.ts";
import { storeChecked } from "./store-file.ts";

/** The limit of S3 and R2. */
const MAX_PARTS = 10_000;
/** How long a part's URL is valid, as from MLflow's own server. */
const PART_URL_SECONDS = 3600;

/** A multipart upload that has begun. */
export interface BegunUpload {
  readonly uploadId: string;
  /** Where each part goes, from part 1 on: whole URLs, or queries for this server's own address of the file's parts. */
  readonly parts: readonly PartPlace[];
}

export type PartPlace = { readonly url: string } | { readonly query: string };

/**
 * Begins a multipart upload.
 * @throws MlflowError NOT_IMPLEMENTED where the store supports none, INVALID_PARAMETER_VALUE.
 */
export async function createMultipartUpload(
  ctx: ServiceContext,
  objectKey: string,
  partCount: number,
): Promise<BegunUpload> {
  const multipart = requireMultipart(ctx);
  if (partCount < 1 || partCount > MAX_PARTS) {
    throw invalidParameter(`An upload has from 1 to ${MAX_PARTS} parts. Got ${partCount}.`);
  }
  await requireFilePlace(ctx, objectKey);
  const uploadId = await multipart.create(objectKey);
  const numbers = Array.from({ length: partCount }, (_, i) => i + 1);
  const parts = await Promise.all(
    numbers.map((partNumber) => placeOfPart(ctx, multipart, { objectKey, uploadId, partNumber, partCount })),
  );
  return { uploadId, parts };
}

/** Completes a multipart upload. Only now does it replace an existing object. */
export async function completeMultipartUpload(
  ctx: ServiceContext,
  objectKey: string,
  uploadId: string,
  parts: readonly UploadedPart[],
): Promise<void> {
  if (parts.length === 0) throw invalidParameter("An upload has at least one part.");
  const multipart = requireMultipart(ctx);
  const upload = { objectKey, uploadId };
  const split = await Promise.all(
    parts.map(async ({ partNumber, etag }) => ({ partNumber, ...(await splitEtag(ctx.signingSecret, upload, etag)) })),
  );
  const inOrder = split.toSorted((a, b) => a.partNumber - b.partNumber);
  const etag = await multipart.complete(objectKey, uploadId, inOrder);
  const [only, ...others] = inOrder;
  if (others.length === 0) recordDigest(ctx, objectKey, etag, only?.sha256);
}

/**
 * Stores a part that comes to this server.
 * @param announced checksums of the part that the client announces.
 * @returns the part's etag for the client.
 * @throws MlflowError INVALID_PARAMETER_VALUE where the part has another checksum or length; NOT_IMPLEMENTED where parts go
 *   to the store itself.
 */
export async function storePart(
  ctx: ServiceContext,
  part: SignedPart,
  body: ReadableStream<Uint8Array> | null,
  length: number,
  announced: readonly Checksum[],
): Promise<string> {
  const { multipart } = ctx.artifacts;
  if (multipart.sendPart === undefined) throw new MlflowError("NOT_IMPLEMENTED", "Parts do not come to this server.");
  const sendPart = multipart.sendPart.bind(multipart);
  const { objectKey, uploadId, partNumber, partCount } = part;
  // A file's SHA-256 does not follow from its parts'.
  if (partCount > 1 && announced.length === 0) {
    return await sendPart(objectKey, uploadId, partNumber, body, length);
  }
  const { stored: etag, sha256 } = await storeChecked(body, length, announced, (checked) =>
    sendPart(objectKey, uploadId, partNumber, checked, length),
  );
  return partCount === 1 ? await etagWithDigest(ctx.signingSecret ?? "", part, etag, sha256) : etag;
}

export async function abortMultipartUpload(ctx: ServiceContext, objectKey: string, uploadId: string): Promise<void> {
  await requireMultipart(ctx).abort(objectKey, uploadId);
}

/** Whether clients can send files in parts. */
export function offersMultipart(ctx: ServiceContext): boolean {
  const { multipart } = ctx.artifacts;
  if (!ctx.isServingArtifacts) return false;
  return multipart.presignPart !== undefined || ctx.signingSecret !== undefined;
}

function requireMultipart(ctx: ServiceContext): Multipart {
  const { multipart } = ctx.artifacts;
  if (!offersMultipart(ctx)) {
    // Clients look for exactly these words, and then send the file in one piece.
    throw new MlflowError("NOT_IMPLEMENTED", "Multipart upload is not supported for the current artifact repository");
  }
  return multipart;
}

async function placeOfPart(
  ctx: ServiceContext,
  multipart: Multipart,
  part: Omit<SignedPart, "expires">,
): Promise<PartPlace> {
  if (multipart.presignPart) {
    const { objectKey, uploadId, partNumber } = part;
    return { url: await multipart.presignPart(objectKey, uploadId, partNumber, PART_URL_SECONDS) };
  }
  const expires = expiryIn(PART_URL_SECONDS);
  return { query: await signedPartQuery(ctx.signingSecret ?? "", { ...part, expires }) };
}
