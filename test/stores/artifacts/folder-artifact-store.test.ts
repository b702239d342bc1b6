import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { FolderArtifactStore } from "../../../src/stores/artifacts/folder-artifact-store.ts";
import type { Disks } from "../../../src/stores/artifacts/folder-files.ts";
import { multipartSuite } from "./multipart-suite.ts";
import { artifactStoreSuite } from "./suite.ts";

function openStore(disks: Disks = { artifacts: env.DISK, uploads: env.UPLOADS }): FolderArtifactStore {
  if (env.FILES === undefined) throw new Error("test/vitest.config.ts binds the file service");
  return new FolderArtifactStore(env.FILES, disks);
}

artifactStoreSuite("FolderArtifactStore", openStore);
multipartSuite("FolderArtifactStore", openStore);

test.each([undefined, { offset: 1_100_000, length: 1_200_000 }])(
  "an etag names the bytes that come with it, also when a file of the same length takes the name, range %o",
  async (range) => {
    const key = `${crypto.randomUUID()}/file`;
    const putAll = (byte: number) => {
      const bytes = new Uint8Array(3_000_000).fill(byte);
      return openStore().put(key, new Response(bytes).body, bytes.length);
    };
    await putAll(1);
    const first = await openStore().get(key);
    await first?.body.cancel();
    const disk = env.DISK;
    if (disk === undefined) throw new Error("test/vitest.config.ts binds the disk service");
    // The store opens a large file twice. In between, another file takes its name.
    const fetch: Fetcher["fetch"] = async (input, init) => {
      await putAll(2);
      return disk.fetch(input, init);
    };
    const racing = openStore({ artifacts: { fetch } as Fetcher, uploads: env.UPLOADS });
    const object = await racing.get(key, range);
    expect(object?.etag).toBe(first?.etag);
    expect(new Set(await new Response(object?.body).bytes())).toEqual(new Set([1]));
  },
);

test.each([{ suffix: 2_000_000 }, { offset: 4_998_000_000 }, { offset: 4_998_000_000, length: 2_000_000 }])(
  "of a file of 5 GB, the range %o has the bytes of its place",
  async (range) => {
    const object = await openStore().get("large/5GB", range);
    expect(object).toMatchObject({ size: 5_000_000_000, range: { offset: 4_998_000_000, length: 2_000_000 } });
    const bytes = await new Response(object?.body).bytes();
    expect(bytes.length).toBe(2_000_000);
    expect(new TextDecoder().decode(bytes.subarray(-5))).toBe("\0TRUE");
  },
);

test("a whole file of 5 GB is read from the disk service", async () => {
  const answers: Response[] = [];
  const fetch: Fetcher["fetch"] = async (input, init) => {
    const answer = await env.DISK?.fetch(input, init);
    if (answer === undefined) throw new Error("test/vitest.config.ts binds the disk service");
    answers.push(answer);
    return answer;
  };
  const store = openStore({ artifacts: { fetch } as Fetcher, uploads: env.UPLOADS });
  const object = await store.get("large/5GB");
  expect(object).toMatchObject({ size: 5_000_000_000 });
  expect(object?.body).toBe(answers[0]?.body);
  await object?.body.cancel();
});

test.each([1000, 3_000_000, undefined])(
  "a service whose connection is lost in the middle of %s bytes is no fault of the client",
  async (length) => {
    const lose: Fetcher["fetch"] = async (_input, init) => {
      if (init?.method === "DELETE") return new Response();
      if (init?.body instanceof ReadableStream) await init.body.getReader().read();
      throw new Error("Network connection lost.");
    };
    const lost = { fetch: lose } as Fetcher;
    const store = new FolderArtifactStore(lost, { artifacts: lost, uploads: lost });
    const body = () => new Response(new Uint8Array(length ?? 3_000_000)).body;
    await expect(store.put("f/a", body(), length)).rejects.toThrow("Network connection lost.");
    if (length === undefined) return;
    await expect(store.multipart.sendPart("f/a", "u", 1, body(), length)).rejects.toThrow("Network connection lost.");
  },
);

test("a disk that is full is told as such, so that nobody repeats the upload", async () => {
  const full = {
    fetch: async (_input, init) => {
      if (init?.body instanceof ReadableStream) await init.body.getReader().read();
      throw new Error("Network connection lost.");
    },
  } as Pick<Fetcher, "fetch"> as Fetcher;
  const store = openStore({ artifacts: env.DISK, uploads: full });
  const body = () => new Response(new Uint8Array(3_000_000)).body;
  const size = 2 ** 50;
  await expect(store.put("f/a", body(), size)).rejects.toMatchObject({ status: 507 });
  const uploadId = await store.multipart.create("f/a");
  await expect(store.multipart.sendPart("f/a", uploadId, 1, body(), size)).rejects.toMatchObject({ status: 507 });
});
