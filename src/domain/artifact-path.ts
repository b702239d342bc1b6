import { invalidParameter, type MlflowError } from "./errors.ts";

/*
 * Artifact paths. Router, authorization and storage all work with what these functions return, so no two of them can
 * read one request differently. A canonical path is a list of segments joined by single slashes, without a leading or
 * trailing one; "" is the root. Nothing is repaired on the way: what would need repair is refused, except that one
 * trailing slash is dropped.
 */

/** R2's limit for a key, in bytes of UTF-8 (developers.cloudflare.com/r2/platform/limits). */
const MAX_KEY_BYTES = 1024;
/** What file systems allow for one name (NAME_MAX), in bytes of UTF-8. */
const MAX_SEGMENT_BYTES = 255;
/** Each level costs a store a look whether a file is in the way. */
const MAX_SEGMENTS = 128;
/** As often as MLflow decodes a path when it looks for `..` in it (`mlflow/utils/uri.py`). */
const MAX_DECODE_ROUNDS = 10;

const ARTIFACT_URI_SCHEME = "mlflow-artifacts:";

const utf8 = new TextEncoder();

/**
 * The canonical path in a raw request URL, below `prefix` (as `/mlflow-artifacts/artifacts/`).
 * @param rawUrl as it was received: a parsed URL has already resolved `%2e%2e`.
 * @throws MlflowError INVALID_PARAMETER_VALUE "Invalid path" and why.
 */
export function artifactPathOfUrl(rawUrl: string, prefix: string): string {
  // Split before decoding, so that an encoded slash is seen inside its segment and refused.
  return canonicalSegments(rawSegments(rawUrl, prefix).map(decodeSegment));
}

/** Of so many names of a path, the last ones, it is looked whether they are meant as they stand. */
const MAX_AMBIGUOUS = 3;

/**
 * What else a client may mean by the path. MLflow's Python client puts a name like `c%20.bin` into a URL as it is, but
 * encodes the space of another: so each name may be meant as it stands. The likeliest first; none in most paths.
 */
export function otherPathsOfUrl(rawUrl: string, prefix: string): string[] {
  const raw = rawSegments(rawUrl, prefix);
  const decoded = raw.map(decodeSegment);
  const ambiguous = raw.flatMap((segment, i) => (segment === decoded[i] ? [] : [i])).slice(-MAX_AMBIGUOUS);
  const choices = Array.from({ length: 2 ** ambiguous.length - 1 }, (_, i) => i + 1);
  return choices.flatMap((choice) => {
    const isRaw = (i: number) => (choice >> ambiguous.toReversed().indexOf(i)) & 1;
    const segments = decoded.map((name, i) => (ambiguous.includes(i) && isRaw(i) ? (raw[i] ?? name) : name));
    try {
      return [canonicalSegments(segments)];
    } catch {
      return [];
    }
  });
}

function rawSegments(rawUrl: string, prefix: string): string[] {
  const [target = ""] = rawUrl.split(/[?#]/, 1);
  // The route's own part may repeat its slashes. What follows is the artifact's path, where an empty name is refused.
  const start = new RegExp(`${prefix.slice(0, -1).replaceAll("/", "/+")}/`).exec(target);
  if (start === null) throw invalidPath(`it does not begin with ${prefix}`);
  return target.slice(start.index + start[0].length).split("/");
}

/**
 * A file's name as some client tells it, which must be one by which clients can ask for it: also of those that put it into a
 * URL as it is.
 * @throws MlflowError INVALID_PARAMETER_VALUE "Invalid path" and why.
 */
export function canonicalFileName(name: string): string {
  if (name === "") throw invalidPath("it has no file's name");
  canonicalSegments([decodeSegment(name)]);
  return canonicalSegments([name]);
}

/**
 * The canonical path of a value that was decoded once already: a query parameter or a field of a body.
 * @throws MlflowError INVALID_PARAMETER_VALUE "Invalid path" and why.
 */
export function canonicalArtifactPath(path: string): string {
  return canonicalSegments(path.split("/"));
}

/** The object key of canonical `path` below canonical `root`; "" as `path` names the root itself. */
export function joinArtifactPath(root: string, path: string): string {
  return canonicalArtifactPath(root === "" || path === "" ? `${root}${path}` : `${root}/${path}`);
}

/**
 * The object key of an `mlflow-artifacts:` URI: `mlflow-artifacts:/7/<run id>/artifacts` is `7/<run id>/artifacts`.
 * Repeated slashes count as one, and a host as this one, because MLflow's client reads such URIs so.
 * @throws MlflowError INVALID_PARAMETER_VALUE "Invalid path" for any other URI.
 */
export function objectKeyOfArtifactUri(uri: string): string {
  if (!uri.startsWith(`${ARTIFACT_URI_SCHEME}/`)) throw invalidPath(`it does not begin with ${ARTIFACT_URI_SCHEME}/`);
  if (/[?#]/.test(uri)) throw invalidPath("it has a ? or a #");
  const path = uri.slice(ARTIFACT_URI_SCHEME.length).replace(/^\/\/[^/]+/, "");
  return canonicalArtifactPath(path.replace(/\/+/g, "/").replace(/^\//, ""));
}

function canonicalSegments(segments: readonly string[]): string {
  const named = segments.at(-1) === "" ? segments.slice(0, -1) : segments;
  const path = named.join("/");
  if (named.length > MAX_SEGMENTS)
    throw invalidPath(`it has ${named.length} parts; at most ${MAX_SEGMENTS} are allowed`);
  const bytes = utf8.encode(path).length;
  if (bytes > MAX_KEY_BYTES) throw invalidPath(`it has ${bytes} bytes of UTF-8; at most ${MAX_KEY_BYTES} are allowed`);
  for (const segment of named) {
    const fault = faultOf(segment);
    if (fault !== undefined) throw invalidPath(`the name ${JSON.stringify(segment)} ${fault}`);
  }
  return path;
}

/** Why a name is none to some store or client, also where it is read as a path of its own, as listed names are. */
function faultOf(segment: string): string | undefined {
  if (segment === "") return "is empty";
  // `..;x` is `..` to whoever takes `;x` for a parameter of the segment.
  if (/^\.\.?(;|$)/.test(segment)) return "leads to another folder";
  // A drive letter makes a name absolute on a client that runs Windows; `file:` makes it a URL for MLflow's.
  if (/^([a-z]|file):/i.test(segment)) return "begins like a drive or a URL";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(segment)) return "has a control character";
  if (segment.includes("\\")) return "has a backslash";
  if (segment.includes("/")) return "has a slash, encoded";
  if (segment.includes("#")) return "has a #";
  // What a lossy decoder leaves of bytes that are not UTF-8.
  if (segment.includes("\ufffd") || !segment.isWellFormed()) return "is not well-formed Unicode";
  const bytes = utf8.encode(segment).length;
  if (bytes > MAX_SEGMENT_BYTES) return `has ${bytes} bytes of UTF-8; at most ${MAX_SEGMENT_BYTES} are allowed`;
  if (escapesWhenDecoded(segment)) return "leads to another folder when it is decoded";
  return undefined;
}

/** Decodes one segment once, as a server does; a `%` that starts no escape stays (names like `100%` are sent so). */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    throw invalidPath(`the name ${JSON.stringify(segment)} is not UTF-8`);
  }
}

/** Whether someone who decodes `segment` again (a proxy, a client, a shell script) would be led out of its folder. */
function escapesWhenDecoded(segment: string): boolean {
  let decoded = segment;
  for (let round = 0; round < MAX_DECODE_ROUNDS; round++) {
    const next = decodeLeniently(decoded).replace(/[\t\r\n]/g, "");
    if (next === decoded) return false;
    decoded = next;
    if (/^[/\\]/.test(decoded) || /(^|[/\\])\.\.?(;|[/\\]|$)/.test(decoded)) return true;
  }
  return true;
}

/** Decodes the escapes of ASCII characters; no other character has a part in a path's structure. */
function decodeLeniently(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function invalidPath(why: string): MlflowError {
  return invalidParameter(`Invalid path: ${why}.`);
}
