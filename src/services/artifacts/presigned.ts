import { MlflowError } from "../../domain/errors.ts";
import type { DownloadHeaders } from "../../stores/artifacts/artifact-store.ts";
import type { ServiceContext } from "../context.ts";
import { type AskedFile, findArtifact } from "./artifact-access.ts";
import { expiryIn, signedFileQuery } from "./signed-urls.ts";

/** Where a client reads a file itself: a whole URL, or the query for this server's own address of the file. */
export type FilePlace = { readonly objectKey: string; readonly size: number } & (
  | { readonly url: string }
  | { readonly query: string }
);

/** Whether clients can be told where to read files themselves. */
export function offersPresignedDownload(ctx: ServiceContext): boolean {
  return ctx.isServingArtifacts && (ctx.artifacts.presignGet !== undefined || ctx.signingSecret !== undefined);
}

/**
 * @throws MlflowError NOT_IMPLEMENTED where no presigned address exists or this server serves no artifacts; clients then
 *   fetch files through this server. RESOURCE_DOES_NOT_EXIST.
 */
export async function presignDownload(
  ctx: ServiceContext,
  asked: AskedFile,
  headersOf: (objectKey: string) => DownloadHeaders,
): Promise<FilePlace> {
  if (!offersPresignedDownload(ctx)) {
    throw new MlflowError("NOT_IMPLEMENTED", "Multipart download is not supported for the current artifact repository");
  }
  const { artifacts, presignedSeconds } = ctx;
  const { objectKey, found } = await findArtifact(ctx, asked, (key) => artifacts.head(key));
  const known = { objectKey, size: found.size };
  if (artifacts.presignGet) {
    return { ...known, url: await artifacts.presignGet(objectKey, headersOf(objectKey), presignedSeconds) };
  }
  const file = { objectKey, expires: expiryIn(presignedSeconds) };
  return { ...known, query: await signedFileQuery(ctx.signingSecret ?? "", file) };
}
