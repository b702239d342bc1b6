import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import type { Multipart, UploadedPart } from "../../stores/artifacts/artifact-store.ts";
import type { ServiceContext } from "../context.ts";
import { requireFilePlace } from "./artifact-roots.ts";
import { expiryIn, signedPartQuery } from "./signed-urls.ts";

/** S3's limit, and R2's. */
const MAX_PARTS = 10_000;
/** As MLflow's own server gives them. */
const PART_URL_SECONDS = 3600;

/** An upload by parts that was begun. */
export interface BegunUpload {
  readonly uploadId: string;
  /** Where each part goes, the first being part 1: whole URLs, or what follows this server's own address of the file's parts. */
  readonly parts: readonly PartPlace[];
}

export type PartPlace = { readonly url: string } | { readonly query: string };

/**
 * Begins an upload by parts.
 * @throws MlflowError NOT_IMPLEMENTED where the store takes none, INVALID_PARAMETER_VALUE.
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

/** The old object, if any, is replaced now. */
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

/** Whether clients can send files by parts. */
export function offersMultipart(ctx: ServiceContext): boolean {
  const { multipart } = ctx.artifacts;
  if (!ctx.isServingArtifacts) return false;
  return multipart.presignPart !== undefined || ctx.signingSecret !== undefined;
}

function requireMultipart(ctx: ServiceContext): Multipart {
  const { multipart } = ctx.artifacts;
  if (!offersMultipart(ctx)) {
    // Clients look for these very words, and send the file as one.
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
