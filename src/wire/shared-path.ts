/*
 * A signed link has its own copy of the web UI and of the API below `/shared/<link id>/`. Its cookie is valid there alone. So
 * a browser may have several links open, and be signed in, and no request mixes their rights.
 */

/** Everything below a link's folder but `open`, which is a route of its own: it makes the cookie. */
const BELOW_LINK = /^\/shared\/([0-9A-Za-z]{12})(?=\/(?!\/*open$))/;

/** A path below a link's folder. */
export interface SharedPath {
  readonly linkId: string;
  /** The folder, such as `/shared/k3J9xQ0aB7Zt`. */
  readonly folder: string;
  /** The path below the folder, with its slash. */
  readonly below: string;
}

/** @param path a raw path, without the server's static prefix. @returns undefined for other paths. */
export function sharedPath(path: string): SharedPath | undefined {
  const [folder, linkId] = BELOW_LINK.exec(path) ?? [];
  return folder === undefined || linkId === undefined
    ? undefined
    : { linkId, folder, below: path.slice(folder.length) };
}

/** The folder of a signed link in which a path is, or which the path names; "" where there is none. */
export function sharedFolder(path: string): string {
  return /^\/shared\/[0-9A-Za-z]{12}(?=\/|$)/.exec(path)?.[0] ?? "";
}
