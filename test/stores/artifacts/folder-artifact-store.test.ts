import { env } from "cloudflare:test";
import { FolderArtifactStore } from "../../../src/stores/artifacts/folder-artifact-store.ts";
import { artifactStoreSuite } from "./suite.ts";

artifactStoreSuite("FolderArtifactStore", () => {
  if (env.FILES === undefined) throw new Error("test/vitest.config.ts binds the file service");
  return new FolderArtifactStore(env.FILES, { artifacts: env.DISK, uploads: env.UPLOADS });
});
