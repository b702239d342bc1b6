import { describe, expect, inject, test } from "vitest";
import { type S3Variables, s3Settings } from "../../../../src/domain/s3-settings.ts";
import { S3ArtifactStore } from "../../../../src/stores/artifacts/s3/s3-artifact-store.ts";
import { artifactStoreSuite } from "../suite.ts";

function openStore(variables: S3Variables = {}): S3ArtifactStore {
  const settings = s3Settings({ ...inject("s3"), ...variables });
  if (settings === undefined) throw new Error("The tests' settings name no bucket");
  return new S3ArtifactStore(settings);
}

// Without a folder, which would take its length from the longest key.
artifactStoreSuite("S3ArtifactStore", () => openStore({ MLFLOW_ARTIFACTS_DESTINATION: "s3://artifacts" }), {
  isRclone: true,
});

test("keeps what is elsewhere in the bucket apart", async () => {
  const key = `${crypto.randomUUID()}/file`;
  await openStore({ MLFLOW_ARTIFACTS_DESTINATION: "s3://artifacts/one" }).put(key, new Response("1").body, 1);
  expect(await openStore({ MLFLOW_ARTIFACTS_DESTINATION: "s3://artifacts/two" }).head(key)).toBeUndefined();
  const whole = openStore({ MLFLOW_ARTIFACTS_DESTINATION: "s3://artifacts" });
  expect(await whole.head(`one/${key}`)).toMatchObject({ size: 1 });
});

describe("a store that cannot be used says why, and shows no secret", () => {
  const secret = () => inject("s3").AWS_SECRET_ACCESS_KEY ?? "";
  test.each<[string, S3Variables, string, string]>([
    ["wrong secret", { AWS_SECRET_ACCESS_KEY: "wrong-secret" }, "PERMISSION_DENIED", "AWS_SECRET_ACCESS_KEY"],
    ["unknown key", { AWS_ACCESS_KEY_ID: "nobody" }, "PERMISSION_DENIED", "AWS_ACCESS_KEY_ID"],
    ["missing bucket", { MLFLOW_ARTIFACTS_DESTINATION: "s3://not-there" }, "BAD_REQUEST", "bucket 'not-there'"],
    [
      "nobody at the address",
      { MLFLOW_S3_ENDPOINT_URL: "http://127.0.0.1:9" },
      "TEMPORARILY_UNAVAILABLE",
      "127.0.0.1:9",
    ],
  ])("%s", async (_, variables, code, cause) => {
    const store = openStore(variables);
    const calls = [
      () => store.put("a/b", new Response("text").body, 4),
      () => store.put("a/b", new Response("text").body, undefined),
      () => store.get("a/b"),
      () => store.list("a"),
      () => store.delete("a/b"),
      () => store.multipart.create("a/b"),
    ];
    for (const call of calls) {
      const error: unknown = await call().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error, String(call)).toMatchObject({ code, message: expect.stringContaining(cause) });
      expect(String(error)).not.toContain("wrong-secret");
      expect(String(error)).not.toContain(secret());
    }
  });
});

describe("multipart", () => {
  const PART = 5 * 1024 * 1024;

  test("parts go up by presigned URLs, in any order and repeated, and the old object stays until the end", async () => {
    const store = openStore();
    const key = `${crypto.randomUUID()}/ä b+c%20.bin`;
    await store.put(key, new Response("old").body, 3);
    const uploadId = await store.multipart.create(key);
    const parts = [new Uint8Array(PART).fill(1), new Uint8Array(PART).fill(2), new Uint8Array(7).fill(3)];
    const etags = new Map<number, string>();
    for (const [partNumber, bytes] of [
      [3, parts[2]],
      [1, parts[0]],
      [2, parts[1]],
      [1, parts[0]],
    ] as const) {
      const url = await store.multipart.presignPart(key, uploadId, partNumber, 60);
      const response = await fetch(url, { method: "PUT", body: bytes ?? null });
      expect(response.status, await response.text()).toBe(200);
      etags.set(partNumber, response.headers.get("ETag") ?? "");
    }
    expect(await new Response((await store.get(key))?.body).text()).toBe("old");
    const listed = [1, 2, 3].map((partNumber) => ({ partNumber, etag: etags.get(partNumber) ?? "" }));
    await store.multipart.complete(key, uploadId, listed);
    const stored = await new Response((await store.get(key))?.body).bytes();
    expect([stored.length, stored[0], stored[PART], stored[2 * PART]]).toEqual([2 * PART + 7, 1, 2, 3]);
  });

  test("an upload that is aborted leaves nothing, and is not completed later", async () => {
    const store = openStore();
    const folder = crypto.randomUUID();
    const uploadId = await store.multipart.create(`${folder}/file`);
    const etag = await store.multipart.putPart(`${folder}/file`, uploadId, 1, new Uint8Array(10));
    await store.multipart.abort(`${folder}/file`, uploadId);
    const parts = [{ partNumber: 1, etag }];
    const notThere = expect.objectContaining({ code: "RESOURCE_DOES_NOT_EXIST" });
    await expect(store.multipart.complete(`${folder}/file`, uploadId, parts)).rejects.toEqual(notThere);
    await expect(store.multipart.abort(`${folder}/file`, uploadId)).rejects.toEqual(notThere);
    expect((await store.list(folder)).files).toEqual([]);
  });

  test("a part's URL is good for its part alone", async () => {
    const store = openStore();
    const key = `${crypto.randomUUID()}/file`;
    const url = await store.multipart.presignPart(key, await store.multipart.create(key), 1, 60);
    for (const forged of [url.replace("partNumber=1", "partNumber=2"), url.replace("/file?", "/other?")]) {
      expect(forged).not.toBe(url);
      const response = await fetch(forged, { method: "PUT", body: "x" });
      await response.body?.cancel();
      expect(response.status).toBe(403);
    }
  });
});
