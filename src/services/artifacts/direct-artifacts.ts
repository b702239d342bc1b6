import { canonicalArtifactPath } from "../../domain/artifact-path.ts";
import type { ServiceContext } from "../context.ts";

/**
 * The object key of an artifact that clients store by themselves, in the bucket that this server has access to; undefined if
 * the artifact is elsewhere. The operator's settings name the bucket and have credentials for it. Users choose the locations
 * of experiments, so a location opens no other bucket. A caller who may not do everything reaches an experiment's default
 * folder only, because no other experiment can have that folder.
 * @param experimentId of the run or model; undefined where the URI is a user's own, as a model version's source is.
 */
export function directKey(
  { directBucket, principal }: ServiceContext,
  uri: string,
  experimentId: string | undefined,
): string | undefined {
  if (directBucket === undefined) return undefined;
  const { bucket, prefix } = directBucket.root;
  const start = `s3://${bucket}/`;
  // A query names another endpoint or version, which only clients can follow.
  if (!uri.startsWith(start) || uri.includes("?")) return undefined;
  const key = canonicalOrUndefined(uri.slice(start.length));
  if (key === undefined || principal.isAdmin) return key;
  const isOwn = experimentId !== undefined && key.startsWith(`${prefix}${experimentId}/`);
  return isOwn ? key : undefined;
}

function canonicalOrUndefined(path: string): string | undefined {
  try {
    return canonicalArtifactPath(path);
  } catch {
    return undefined;
  }
}
