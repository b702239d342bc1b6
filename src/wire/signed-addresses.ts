import { siblingAddress } from "./raw-target.ts";

/*
 * Of no name of MLflow's: clients know these addresses from answers alone.
 */
export const SIGNED_PARTS = "/trackflare/artifact-parts";
export const SIGNED_FILES = "/trackflare/artifact-files";

/** Where an object's parts or bytes are at this server, for the client that made this request. */
export function signedAddress(
  request: Request,
  path: typeof SIGNED_PARTS | typeof SIGNED_FILES,
  objectKey: string,
  query: string,
): string {
  const key = objectKey.split("/").map(encodeURIComponent).join("/");
  return siblingAddress(request, `/api/2.0${path}/${key}?${query}`);
}
