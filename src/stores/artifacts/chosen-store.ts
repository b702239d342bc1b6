import type { S3Settings } from "../../domain/s3-settings.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import { FolderArtifactStore } from "./folder-artifact-store.ts";
import { R2ArtifactStore } from "./r2-artifact-store.ts";
import { S3ArtifactStore } from "./s3/s3-artifact-store.ts";

/**
 * The store that the settings select.
 * @throws Error when the binding that the store needs is missing.
 */
export function artifactStore(
  env: Env,
  { bucket, artifactStore: kind }: { readonly bucket: S3Settings | undefined; readonly artifactStore: "r2" | "folder" },
): ArtifactStore {
  if (bucket !== undefined) return new S3ArtifactStore(bucket);
  if (kind === "r2") return new R2ArtifactStore(env.ARTIFACTS);
  if (env.FILES === undefined) throw new Error("TRACKFLARE_ARTIFACTS is 'folder', which needs the FILES binding.");
  return new FolderArtifactStore(env.FILES, { artifacts: env.DISK, uploads: env.UPLOADS });
}
