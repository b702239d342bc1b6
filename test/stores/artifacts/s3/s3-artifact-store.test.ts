import { describe, expect, inject, test } from "vitest";
import { type S3Variables, s3Settings } from "../../../../src/domain/s3-settings.ts";
import { S3ArtifactStore } from "../../../../src/stores/artifacts/s3/s3-artifact-store.ts";
import { multipartSuite } from "../multipart-suite.ts";
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
multipartSuite("S3ArtifactStore", openStore, { isRclone: true });

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
