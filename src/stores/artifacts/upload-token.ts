import { noSuchUpload } from "./artifact-errors.ts";

/*
 * A client that got no answer repeats its request to complete an upload, but the bucket no longer knows a completed upload.
 * So each upload gives its object a token, as metadata, and the id that clients know ends with the token. The object then
 * shows whether it was created by the upload.
 */

/** The name of the metadata. */
export const UPLOAD_TOKEN = "upload";

export function newUploadToken(): string {
  return crypto.randomUUID();
}

/** The id that clients know: the bucket's own id, and the token. */
export function withToken(bucketId: string, token: string): string {
  return `${bucketId}.${token}`;
}

/**
 * Both parts of an id that clients know.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST when the text is not such an id.
 */
export function splitToken(uploadId: string): { readonly bucketId: string; readonly token: string } {
  const dot = uploadId.lastIndexOf(".");
  if (dot < 1) throw noSuchUpload(uploadId);
  return { bucketId: uploadId.slice(0, dot), token: uploadId.slice(dot + 1) };
}
