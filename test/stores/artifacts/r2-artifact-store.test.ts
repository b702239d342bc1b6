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

test("a bucket whose connection is lost in the middle is no fault of the client: the file, a part, and a file of unstated length", async () => {
  const lose = async (body: unknown) => {
    if (body instanceof ReadableStream) await body.getReader().read();
    throw new Error("Network connection lost.");
  };
  const upload = { uploadId: "u", uploadPart: (_number: number, body: unknown) => lose(body), abort: async () => {} };
  const failing: R2Bucket = Object.assign(Object.create(env.ARTIFACTS), {
    head: async () => null,
    list: async () => ({ objects: [] }),
    put: (_key: string, body: unknown) => lose(body),
    createMultipartUpload: async () => upload,
    resumeMultipartUpload: () => upload,
  });
  const store = new R2ArtifactStore(failing);
  const size = 9 * 1024 * 1024;
  const body = () => new Response(new Uint8Array(size)).body;
  const lost = "Network connection lost.";
  await expect(store.put("f/a", body(), size)).rejects.toThrow(lost);
  await expect(store.put("f/a", body(), undefined)).rejects.toThrow(lost);
  await expect(store.multipart.sendPart("f/a", "u.0", 1, body(), size)).rejects.toThrow(lost);
  await expect(store.multipart.sendPart("f/a", "u.0", 1, body(), size + 1)).rejects.toThrow(lost);
});
