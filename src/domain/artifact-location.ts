import { objectKeyOfArtifactUri } from "./artifact-path.ts";
import { invalidParameter } from "./errors.ts";
import { isRunId } from "./ids.ts";
import { MAX_ARTIFACT_LOCATION_LENGTH } from "./limits.ts";

/*
 * The artifacts of an experiment lie below its location. A served location, `mlflow-artifacts:/<key>`, is a folder in this
 * server's own store. Any other location is direct: clients write to it and read from it by themselves, with their own
 * credentials. The server gives a direct location to clients unchanged, and never accesses it.
 */

/** The root in which new experiments get a folder, unless the operator names another root. */
export const SERVED_ROOT = "mlflow-artifacts:/";

/** An artifact URI of a run, a model or an experiment, as the server may use it. */
export type ArtifactPlace =
  | { readonly kind: "served"; readonly objectKey: string }
  | { readonly kind: "direct"; readonly uri: string };

/** @throws MlflowError INVALID_PARAMETER_VALUE for a served URI that is no path of this server. */
export function artifactPlace(uri: string): ArtifactPlace {
  if (!isServed(uri)) return { kind: "direct", uri };
  return { kind: "served", objectKey: objectKeyOfArtifactUri(uri) };
}

/** Whether this server keeps the artifacts at the URI. */
export function isServed(uri: string): boolean {
  return uri.startsWith("mlflow-artifacts:");
}

/** The location of the folder at `objectKey`. Equal folders have equal locations: see {@link storedLocation}. */
export function servedLocation(objectKey: string): string {
  return `${SERVED_ROOT}${objectKey}`;
}

/** Schemes whose URIs name the host to connect to (`mlflow/store/artifact/host_policy.py`). */
const HOST_ADDRESSED = new Set(["ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss"]);

/** The operator's settings for locations. */
export interface LocationRules {
  /** The root in which new experiments get their folders. Locations on the root's host are allowed too. */
  readonly defaultRoot: string;
  /** Schemes that name a host but are allowed for experiments nevertheless. */
  readonly allowedHostSchemes: ReadonlySet<string>;
}

/**
 * An experiment's artifact location in its stored form: a served location in its canonical spelling, a direct location
 * unchanged.
 *
 * Refuses what MLflow refuses, and locations that different readers resolve differently: relative paths, `..`, and escapes
 * in a served path (clients send the path as part of a URL). Also refuses hosts that the operator did not name, since a
 * client would send its credentials there.
 * @throws MlflowError INVALID_PARAMETER_VALUE.
 */
export function storedLocation(location: string, rules: LocationRules): string {
  if (location.length > MAX_ARTIFACT_LOCATION_LENGTH) {
    throw invalidParameter(
      `Invalid artifact location: it has ${location.length} characters, at most ${MAX_ARTIFACT_LOCATION_LENGTH} are allowed.`,
    );
  }
  const scheme = /^([a-z][a-z0-9+.-]+):/.exec(location)?.[1];
  if (scheme === "runs") throw invalidParameter(`Artifact location cannot be a runs:/ URI. Given: '${location}'`);
  if (scheme === "mlflow-artifacts") return servedLocation(servedKey(location));
  requireAllowedHost("artifact_location", location, rules);
  requireAbsolute(location, scheme);
  return location;
}

/** Whether every reader resolves a direct URI alike: it is absolute, without `..`, a fragment, or misleading characters. */
export function isDirectUri(uri: string): boolean {
  const scheme = /^([a-z][a-z0-9+.-]+):\//.exec(uri)?.[1];
  return (
    (scheme === undefined ? /^\/[^/]/.test(uri) : scheme !== "file" || /^file:\/(\/\/)?[^/]/.test(uri)) &&
    uri.isWellFormed() &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for control characters.
    !/[\u0000-\u0020\u007f\\#]|;[^/]*$/.test(uri.replaceAll(" ", "")) &&
    !/(^|[/?&=])\.\.?([/?&]|$)|\?.*\.\./.test(decoded(uri))
  );
}

function servedKey(location: string): string {
  const refused = () =>
    invalidParameter(
      `Invalid artifact location ${JSON.stringify(location)}: artifacts are stored by this server, below a location like 'mlflow-artifacts:/my-folder'.`,
    );
  if (/[%?#;]/.test(location) || /^[^/]*\/\/[^/]/.test(location)) throw refused();
  try {
    const key = objectKeyOfArtifactUri(location);
    if (key !== "") return key;
  } catch {
    // The error below names the location.
  }
  throw refused();
}

function requireAbsolute(location: string, scheme: string | undefined): void {
  if (isDirectUri(location)) return;
  if (/#|;[^/]*$/.test(location)) throw invalidParameter("'artifact_location' URL can't include fragments or params.");
  throw invalidParameter(
    `Invalid artifact location ${JSON.stringify(location)}: ${
      scheme === undefined
        ? "a path must be absolute, as each client has a folder of its own to begin from"
        : "it must name one place"
    }. Give a URI such as 's3://bucket/folder', or 'mlflow-artifacts:/my-folder' for one on this server.`,
  );
}

/**
 * Refuses a URI that would lead clients to a host which the operator did not name.
 * @param field the request's field that holds the URI
 */
export function requireAllowedHost(field: string, uri: string, rules: LocationRules): void {
  const scheme = /^([a-z][a-z0-9+.-]+):/.exec(uri)?.[1] ?? "";
  if (!HOST_ADDRESSED.has(scheme) || rules.allowedHostSchemes.has(scheme)) return;
  const host = hostOf(uri);
  if (host !== undefined && host === hostOf(rules.defaultRoot)) return;
  throw invalidParameter(
    `'${field}' cannot use the '${scheme}' scheme: it names a host other than the server's own artifact storage, ` +
      "to which clients would connect. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to allow it.",
  );
}

/** Scheme, user, host and port, as one text. */
function hostOf(uri: string): string | undefined {
  return /^[a-z][a-z0-9+.-]+:\/\/[^/?#\\\s]+/.exec(uri)?.[0];
}

function decoded(uri: string): string {
  let text = uri;
  for (let round = 0; round < 10; round++) {
    const next = text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === text) break;
    text = next;
  }
  return text;
}

/** `objectKey` and every folder above it, innermost first. */
export function withFoldersAbove(objectKey: string): string[] {
  const segments = objectKey.split("/");
  return segments.map((_, i) => segments.slice(0, segments.length - i).join("/"));
}

/** Folders of an experiment that hold artifact roots: `<location>/models/<model id>/artifacts`. */
const ROOT_GROUPS = new Set(["models", "traces"]);

/**
 * Whether a path below an experiment's location is, or may become, an artifact root, or a folder above one. A file there
 * would block everything below it. Roots are `<run id>/artifacts`, `models/<model id>/artifacts` and
 * `traces/<trace id>/artifacts`.
 * @param path canonical, relative to the location; "" is the location.
 */
export function isRootOrAbove(path: string): boolean {
  const [first = "", second, third, ...rest] = path.split("/");
  if (rest.length > 0) return false;
  if (path === "" || second === undefined) return path === "" || isRunId(first);
  if (ROOT_GROUPS.has(first)) return isRunId(second) && (third === undefined || third === "artifacts");
  return isRunId(first) && second === "artifacts" && third === undefined;
}

/** Whether a direct URI is a path on the machine that reads it. */
export function isLocalPath(uri: string): boolean {
  return uri.startsWith("/") || uri.startsWith("file:");
}

/** The parts of a default location before and after the experiment's id. */
export function aroundExperimentId(defaultRoot: string): [string, string] {
  const [, path = "", query = ""] = /^([^?]*)(.*)$/s.exec(defaultRoot) ?? [];
  return [`${path.replace(/\/+$/, "")}/`, query];
}

/**
 * Whether the location is reserved as an experiment's default folder: `<default root>/<experiment id>`.
 * @param location as {@link storedLocation} returns it.
 */
export function isKeptForDefault(location: string, { defaultRoot }: LocationRules): boolean {
  const roots = [SERVED_ROOT, aroundExperimentId(defaultRoot)[0]];
  return roots.some((root) => location.startsWith(root) && /^\d+(\/|$)/.test(location.slice(root.length)));
}
