import { isDirectUri } from "./artifact-location.ts";
import { canonicalArtifactPath, objectKeyOfArtifactUri } from "./artifact-path.ts";
import { invalidParameter, type MlflowError } from "./errors.ts";
import { isRunId } from "./ids.ts";

/** Which version of a registered model a `models:/` URI means. */
export type VersionSelector =
  | { readonly by: "version"; readonly version: string }
  | { readonly by: "stage"; readonly stage: string }
  | { readonly by: "alias"; readonly alias: string }
  | { readonly by: "latest" };

/** Where a model version's files come from. */
export type ModelSource =
  | { readonly kind: "artifacts"; readonly objectKey: string }
  /** Files that are kept elsewhere. Clients get the URI unchanged; the server never fetches it. */
  | { readonly kind: "direct"; readonly uri: string }
  /** `path` is canonical, relative to the run's artifact root. */
  | { readonly kind: "run"; readonly runId: string; readonly path: string }
  | { readonly kind: "loggedModel"; readonly modelId: string }
  | { readonly kind: "registeredModel"; readonly name: string; readonly selector: VersionSelector };

/** The sources that MLflow's client and UI send for a prompt, which has no files. */
const PROMPT_SOURCES: ReadonlySet<string> = new Set(["dummy-source", "prompt-template"]);

/** Whether `source` is a prompt's source, which stands for no files. */
export function isPromptSource(source: string): boolean {
  return PROMPT_SOURCES.has(source);
}

/**
 * Reads the source of a model version: `mlflow-artifacts:/<path>` of this server, `runs:/<run id>/<path>`,
 * `models:/m-<id>` and `models:/<name>/<version, stage or latest>` or `models:/<name>@<alias>`
 * (`mlflow/store/artifact/utils/models.py`), or the URI of a place that clients access by themselves. MLflow's own schemes
 * may name no host, because clients would send their credentials there.
 * @throws MlflowError INVALID_PARAMETER_VALUE for anything else.
 */
export function parseModelSource(source: string): ModelSource {
  if (!/^(mlflow-artifacts|runs|models):/.test(source)) {
    if (!isDirectUri(source)) throw invalidSource(source);
    return { kind: "direct", uri: source };
  }
  if (/[?#\\]/.test(source) || /^[\w-]+:\/\/[^/]/.test(source)) throw invalidSource(source);
  const [, scheme, path = ""] = /^([\w-]+):\/+(.*)$/s.exec(source) ?? [];
  if (scheme === "mlflow-artifacts") return { kind: "artifacts", objectKey: orInvalid(source, objectKeyOfArtifactUri) };
  if (scheme === "runs") return parseRunSource(source, path);
  if (scheme === "models") return parseModelsUri(source, path);
  throw invalidSource(source);
}

/** 400: the source is malformed, or does not belong to the run or model that the request names. */
export function invalidSource(source: string, reason = ""): MlflowError {
  return invalidParameter(
    `Invalid model version source: '${source}'. ${
      reason ||
      "A source is an mlflow-artifacts:/ URI of this server, runs:/<run id>/<path>, models:/<model id>, models:/<name>/<version>, or an absolute URI such as s3://bucket/folder."
    }`,
  );
}

function parseRunSource(source: string, path: string): ModelSource {
  const [runId = "", ...rest] = path.split("/");
  if (!isRunId(runId)) throw invalidSource(source);
  return { kind: "run", runId, path: orInvalid(source, () => canonicalArtifactPath(rest.join("/"))) };
}

function parseModelsUri(source: string, path: string): ModelSource {
  const [name = "", suffix, ...rest] = path.split("/");
  if (name.trim() === "" || name.startsWith("..") || rest.length > 0) throw invalidSource(source);
  if (suffix !== undefined) {
    if (suffix.trim() === "" || suffix.startsWith("..")) throw invalidSource(source);
    return { kind: "registeredModel", name, selector: selectorOf(suffix) };
  }
  const at = name.lastIndexOf("@");
  if (at === -1) return { kind: "loggedModel", modelId: name };
  const alias = name.slice(at + 1);
  if (at === 0 || alias.trim() === "") throw invalidSource(source);
  return { kind: "registeredModel", name: name.slice(0, at), selector: { by: "alias", alias } };
}

function selectorOf(suffix: string): VersionSelector {
  if (/^\d+$/.test(suffix)) return { by: "version", version: suffix };
  return suffix.toLowerCase() === "latest" ? { by: "latest" } : { by: "stage", stage: suffix };
}

function orInvalid(source: string, read: (source: string) => string): string {
  try {
    return read(source);
  } catch {
    throw invalidSource(source);
  }
}
