import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import type { Multipart, UploadedPart } from "../../stores/artifacts/artifact-store.ts";
import type { ServiceContext } from "../context.ts";
import { requireFilePlace } from "./artifact-roots.ts";
import { expiryIn, signedPartQuery } from "./signed-urls.ts";

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
  const parts = await Promise.all(numbers.map((number) => placeOfPart(ctx, multipart, objectKey, uploadId, number)));
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
  const inOrder = parts.toSorted((a, b) => a.partNumber - b.partNumber);
  await requireMultipart(ctx).complete(objectKey, uploadId, inOrder);
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
  objectKey: string,
  uploadId: string,
  partNumber: number,
): Promise<PartPlace> {
  if (multipart.presignPart)
    return { url: await multipart.presignPart(objectKey, uploadId, partNumber, PART_URL_SECONDS) };
  const part = { objectKey, uploadId, partNumber, expires: expiryIn(PART_URL_SECONDS) };
  return { query: await signedPartQuery(ctx.signingSecret ?? "", part) };
}
