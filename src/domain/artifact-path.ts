import { invalidParameter, type MlflowError } from "./errors.ts";

/*
 * Artifact paths. Router, authorization and storage all use the paths that these functions return, so they cannot read one
 * request differently. A canonical path is a list of segments joined by single slashes, without a leading or trailing
 * slash; "" is the root. A path that would need repair is refused, except that one trailing slash is dropped.
 */

/** R2's limit for a key, in bytes of UTF-8 (developers.cloudflare.com/r2/platform/limits). */
const MAX_KEY_BYTES = 1024;
/** The file systems' limit for one name (NAME_MAX), in bytes of UTF-8. */
const MAX_SEGMENT_BYTES = 255;
/** A limit, because for each level a store checks whether a file is in the way. */
const MAX_SEGMENTS = 128;
/** How often MLflow decodes a path to look for `..` (`mlflow/utils/uri.py`). */
const MAX_DECODE_ROUNDS = 10;

const ARTIFACT_URI_SCHEME = "mlflow-artifacts:";

const utf8 = new TextEncoder();

/**
 * The canonical path in a raw request URL, below `prefix` (such as `/mlflow-artifacts/artifacts/`).
 * @param rawUrl the URL as it was received: a parsed URL has already resolved `%2e%2e`.
 * @throws MlflowError INVALID_PARAMETER_VALUE "Invalid path" and why.
 */
export function artifactPathOfUrl(rawUrl: string, prefix: string): string {
  // Split before decoding, so that an encoded slash is seen inside its segment and refused.
  return canonicalSegments(rawSegments(rawUrl, prefix).map(decodeSegment));
}

/** At most this many names at the end of a path are also tried without decoding. */
const MAX_AMBIGUOUS = 3;

/**
 * Other paths that a client may mean. MLflow's Python client puts a name like `c%20.bin` into a URL without encoding it, but
 * encodes a space in another name. So each name may also be meant without decoding. The likeliest path comes first; most
 * URLs have none.
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
  // The route's own part may have repeated slashes. The artifact's path follows, in which an empty name is refused.
  const start = new RegExp(`${prefix.slice(0, -1).replaceAll("/", "/+")}/`).exec(target);
  if (start === null) throw invalidPath(`it does not begin with ${prefix}`);
  return target.slice(start.index + start[0].length).split("/");
}

/**
 * Checks a file's name from a client. All clients must be able to request the file by this name, including clients that put
 * the name into a URL without encoding it.
 * @throws MlflowError INVALID_PARAMETER_VALUE "Invalid path" and why.
 */
export function canonicalFileName(name: string): string {
  if (name === "") throw invalidPath("it has no file's name");
  canonicalSegments([decodeSegment(name)]);
  return canonicalSegments([name]);
}

/**
 * The canonical path for a value that was already decoded once: a query parameter or a field of a body.
 * @throws MlflowError INVALID_PARAMETER_VALUE "Invalid path" and why.
 */
export function canonicalArtifactPath(path: string): string {
  return canonicalSegments(path.split("/"));
}

/** The object key of the canonical `path` below the canonical `root`; the path "" names the root itself. */
export function joinArtifactPath(root: string, path: string): string {
  return canonicalArtifactPath(root === "" || path === "" ? `${root}${path}` : `${root}/${path}`);
}

/**
 * The object key of an `mlflow-artifacts:` URI: `mlflow-artifacts:/7/<run id>/artifacts` is `7/<run id>/artifacts`.
 * As in MLflow's client, repeated slashes count as one, and any host in the URI means this server.
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

/** Why some store or client cannot use a name, also where it reads the name as a path by itself, as with listed names. */
function faultOf(segment: string): string | undefined {
  if (segment === "") return "is empty";
  // `..;x` means `..` to software that reads `;x` as a parameter of the segment.
  if (/^\.\.?(;|$)/.test(segment)) return "leads to another folder";
  // A drive letter makes a name absolute on a Windows client; `file:` makes it a URL for MLflow's client.
  if (/^([a-z]|file):/i.test(segment)) return "begins like a drive or a URL";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters.
  if (/[\u0000-\u001f\u007f]/.test(segment)) return "has a control character";
  if (segment.includes("\\")) return "has a backslash";
  if (segment.includes("/")) return "has a slash, encoded";
  if (segment.includes("#")) return "has a #";
  // A lossy decoder writes U+FFFD for bytes that are not UTF-8.
  if (segment.includes("\ufffd") || !segment.isWellFormed()) return "is not well-formed Unicode";
  const bytes = utf8.encode(segment).length;
  if (bytes > MAX_SEGMENT_BYTES) return `has ${bytes} bytes of UTF-8; at most ${MAX_SEGMENT_BYTES} are allowed`;
  if (escapesWhenDecoded(segment)) return "leads to another folder when it is decoded";
  return undefined;
}

/** Decodes one segment once, as a server does. A `%` that starts no escape stays, since names like `100%` are sent as is. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    throw invalidPath(`the name ${JSON.stringify(segment)} is not UTF-8`);
  }
}

/** Whether software that decodes `segment` again (a proxy, a client, a shell script) would leave its folder. */
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

/** Decodes only the escapes of ASCII characters, since no other character matters for a path's structure. */
function decodeLeniently(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function invalidPath(why: string): MlflowError {
  return invalidParameter(`Invalid path: ${why}.`);
}
