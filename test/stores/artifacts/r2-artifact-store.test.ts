import { env } from "cloudflare:test";
import { R2ArtifactStore } from "../../../src/stores/artifacts/r2-artifact-store.ts";
import { multipartSuite } from "./multipart-suite.ts";
import { artifactStoreSuite } from "./suite.ts";

artifactStoreSuite("R2ArtifactStore", () => new R2ArtifactStore(env.ARTIFACTS));
multipartSuite("R2ArtifactStore", () => new R2ArtifactStore(env.ARTIFACTS));
