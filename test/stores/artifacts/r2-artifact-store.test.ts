import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { R2ArtifactStore } from "../../../src/stores/artifacts/r2-artifact-store.ts";
import { multipartSuite } from "./multipart-suite.ts";
import { artifactStoreSuite } from "./suite.ts";

artifactStoreSuite("R2ArtifactStore", () => new R2ArtifactStore(env.ARTIFACTS));
multipartSuite("R2ArtifactStore", () => new R2ArtifactStore(env.ARTIFACTS));

test("a bucket that fails in the middle of an upload is a 503, and a body that breaks off a 400", async () => {
  const failing: R2Bucket = Object.assign(Object.create(env.ARTIFACTS), {
    head: async () => null,
    list: async () => ({ objects: [] }),
    put: async (_key: string, body: ReadableStream<Uint8Array>) => {
      await body.getReader().read();
      throw new Error("put: We encountered an internal error. Please try again. (10001)");
    },
  });
  const body = () => new Response(new Uint8Array(1_000_000)).body;
  await expect(new R2ArtifactStore(failing).put("f/a", body(), 1_000_000)).rejects.toMatchObject({ status: 503 });
  await expect(new R2ArtifactStore(env.ARTIFACTS).put("f/b", body(), 2_000_000)).rejects.toMatchObject({ status: 400 });
});

test("a bucket that refuses before it has read the body ends the upload with its own error", async () => {
  for (const reads of [0, 1]) {
    const refusing: R2Bucket = Object.assign(Object.create(env.ARTIFACTS), {
      head: async () => null,
      list: async () => ({ objects: [] }),
      put: async (_key: string, body: ReadableStream<Uint8Array>) => {
        const reader = body.getReader();
        for (let i = 0; i < reads; i++) await reader.read();
        throw new Error("put: out of paper");
      },
    });
    const body = new Response(new Uint8Array(20_000_000)).body;
    await expect(new R2ArtifactStore(refusing).put("f/c", body, 20_000_000)).rejects.toThrow("out of paper");
  }
});
