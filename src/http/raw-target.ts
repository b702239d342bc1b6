/*
 * A request's host and path as they were sent. Decoding is left to those who use a part: two views of one path are how
 * `%2e%2e` passes a check and then reaches a store.
 */

/** The path, undecoded and without query. */
export function rawPath({ url }: Request): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const length = url.slice(start).search(/[?#]/);
  return length === -1 ? url.slice(start) : url.slice(start, start + length);
}

/** The Host header's `name:port`. */
export function rawHost({ url }: Request): string {
  const start = url.indexOf("://") + 3;
  const length = url.slice(start).search(/[/?#]/);
  return length === -1 ? url.slice(start) : url.slice(start, start + length);
}
