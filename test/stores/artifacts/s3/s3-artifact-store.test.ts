import { describe, expect, inject, test } from "vitest";
import { type S3Variables, s3Settings } from "../../../../src/domain/s3-settings.ts";
import { S3ArtifactStore } from "../../../../src/stores/artifacts/s3/s3-artifact-store.ts";
import { s3Error } from "../../../../src/stores/artifacts/s3/s3-client.ts";
import { keyReader } from "../../../../src/stores/artifacts/s3/s3-xml.ts";
import { multipartSuite } from "../multipart-suite.ts";
import { artifactStoreSuite } from "../suite.ts";

function openStore(variables: S3Variables = {}): S3ArtifactStore {
  const settings = s3Settings({ ...inject("s3"), ...variables });
  if (settings === undefined) throw new Error("The tests' settings name no bucket");
  return new S3ArtifactStore(settings);
}

// No folder, because its name would shorten the longest possible key.
artifactStoreSuite("S3ArtifactStore", () => openStore({ MLFLOW_ARTIFACTS_DESTINATION: "s3://artifacts" }), {
  isRclone: inject("isRclone"),
  keepsCutOff: true,
});
multipartSuite("S3ArtifactStore", openStore, { isRclone: inject("isRclone") });

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

describe("what a store answers, and what the client is told", () => {
  const settings = s3Settings({
    MLFLOW_ARTIFACTS_DESTINATION: "s3://models/mlflow",
    AWS_ACCESS_KEY_ID: "AKIA1",
    AWS_SECRET_ACCESS_KEY: "not to be shown",
    AWS_DEFAULT_REGION: "eu-west-1",
  });
  test.each([
    [301, "PermanentRedirect", 400, "'models' is not in AWS_DEFAULT_REGION 'eu-west-1'"],
    [400, "AuthorizationHeaderMalformed", 400, "AWS_DEFAULT_REGION 'eu-west-1'"],
    [404, "NoSuchBucket", 400, "bucket 'models'"],
    [403, "InvalidAccessKeyId", 403, "AWS_ACCESS_KEY_ID 'AKIA1'"],
    [404, "XAdminUserNotFound", 403, "AWS_ACCESS_KEY_ID 'AKIA1'"],
    [403, "SignatureDoesNotMatch", 403, "AWS_SECRET_ACCESS_KEY"],
    [403, "AccessDenied", 403, "may not do this in the bucket 'models'"],
    [503, "SlowDown", 503, "please repeat"],
    [500, "InternalError", 503, "please repeat"],
    [429, "", 503, "please repeat"],
    [400, "InvalidRequest", 400, "bucket 'models'"],
    [501, "NotImplemented", 501, "does not support"],
    [507, "", 507, "no space"],
  ])("%d %s is %d, and names %s", (status, code, told, words) => {
    if (settings === undefined) throw new Error("The settings name a bucket");
    const error = s3Error(settings, { status, code });
    expect([error.status, error.message]).toEqual([told, expect.stringContaining(words)]);
    expect(error.message).not.toContain("not to be shown");
  });
});

test("the keys of a list are decoded where the store says that it encoded them", () => {
  const key = "a b+%41/100%";
  const ofForm = "a+b%2B%2541/100%25";
  expect(keyReader("<EncodingType>url</EncodingType>")(ofForm)).toBe(key);
  // versitygw's list, and one of a store that does not know the parameter.
  for (const list of ["<EncodingType></EncodingType>", ""]) expect(keyReader(list)(key)).toBe(key);
});

test("uploads that nobody completes are aborted, of this folder alone, and no younger ones", async () => {
  const folder = crypto.randomUUID();
  const [mine, other] = ["mine", "other"].map((name) =>
    openStore({ MLFLOW_ARTIFACTS_DESTINATION: `s3://artifacts/${folder}/${name}` }),
  );
  if (mine === undefined || other === undefined) throw new Error("two stores");
  const begin = async (store: S3ArtifactStore) => {
    const uploadId = await store.multipart.create("a b/file");
    const etag = await store.multipart.putPart("a b/file", uploadId, 1, new TextEncoder().encode("text"));
    return { complete: () => store.multipart.complete("a b/file", uploadId, [{ partNumber: 1, etag }]) };
  };
  const [abandoned, kept] = [await begin(mine), await begin(other)];
  expect(await mine.multipart.abortOlder(Date.now() - 60_000)).toBe(0);
  expect(await mine.multipart.abortOlder(Date.now() + 60_000)).toBe(1);
  await expect(abandoned.complete()).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  await kept.complete();
  expect(await other.head("a b/file")).toMatchObject({ size: 4 });
});

// rclone's server takes any region.
if (!inject("isRclone")) {
  test("of a bucket in another region, every call says so", async () => {
    const store = openStore({ AWS_DEFAULT_REGION: "eu-west-1" });
    const calls = [
      () => store.put("a/b", new Response("text").body, 4),
      () => store.get("a/b"),
      () => store.head("a/b"),
      () => store.list("a"),
      () => store.multipart.create("a/b"),
    ];
    for (const call of calls) {
      await expect(call(), String(call)).rejects.toMatchObject({
        code: "BAD_REQUEST",
        message: expect.stringContaining("AWS_DEFAULT_REGION 'eu-west-1'"),
      });
    }
  });
}

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
