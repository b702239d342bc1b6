import { siblingAddress } from "./raw-target.ts";

/*
 * Paths that are not part of MLflow's API: clients learn these addresses only from answers.
 */
export const SIGNED_PARTS = "/trackflare/artifact-parts";
export const SIGNED_FILES = "/trackflare/artifact-files";

/** The address of an object's parts or bytes on this server, for the client that made this request. */
export function signedAddress(
  request: Request,
  path: typeof SIGNED_PARTS | typeof SIGNED_FILES,
  objectKey: string,
  query: string,
): string {
  const key = objectKey.split("/").map(encodeURIComponent).join("/");
  return siblingAddress(request, `/api/2.0${path}/${key}?${query}`);
}
