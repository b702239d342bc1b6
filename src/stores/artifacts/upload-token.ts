import { noSuchUpload } from "./artifact-errors.ts";

/*
 * A client that heard no answer repeats that an upload is complete, when the bucket knows the upload no more. So each
 * upload gives its object a token, as metadata, and the id that clients know has it at its end: whether an object came of
 * an upload can be seen from the object.
 */

/** The metadata's name. */
export const UPLOAD_TOKEN = "upload";

export function newUploadToken(): string {
  return crypto.randomUUID();
}

/** The id that clients know: the bucket's own, and the token. */
export function withToken(bucketId: string, token: string): string {
  return `${bucketId}.${token}`;
}

/**
 * Both parts of an id that clients know.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST for what is no such id.
 */
export function splitToken(uploadId: string): { readonly bucketId: string; readonly token: string } {
  const dot = uploadId.lastIndexOf(".");
  if (dot < 1) throw noSuchUpload(uploadId);
  return { bucketId: uploadId.slice(0, dot), token: uploadId.slice(dot + 1) };
}
