import { expect, test } from "vitest";
import { s3Settings } from "../../src/domain/s3-settings.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
const destination = (MLFLOW_ARTIFACTS_DESTINATION: string) => ({ ...KEYS, MLFLOW_ARTIFACTS_DESTINATION });

test("a bucket with its folder", () => {
  expect(s3Settings({})).toBeUndefined();
  expect(s3Settings(destination("s3://my.bucket"))).toMatchObject({ bucket: "my.bucket", prefix: "" });
  expect(s3Settings(destination("s3://bucket//a/b/"))).toMatchObject({ bucket: "bucket", prefix: "a/b/" });
  const minio = s3Settings({ ...destination("s3://bucket"), MLFLOW_S3_ENDPOINT_URL: "http://minio:9000/" });
  expect(minio).toMatchObject({ endpoint: "http://minio:9000", region: "us-east-1", uploadHeaders: {} });
});

test("boto3's arguments of an upload become headers", () => {
  const MLFLOW_S3_UPLOAD_EXTRA_ARGS = '{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key"}';
  expect(s3Settings({ ...destination("s3://bucket"), MLFLOW_S3_UPLOAD_EXTRA_ARGS })?.uploadHeaders).toEqual({
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "key",
  });
});

test.each([
  [destination("gs://bucket"), "MLFLOW_ARTIFACTS_DESTINATION"],
  [destination("./mlartifacts"), "MLFLOW_ARTIFACTS_DESTINATION"],
  [destination("s3://B"), "MLFLOW_ARTIFACTS_DESTINATION"],
  [{ MLFLOW_ARTIFACTS_DESTINATION: "s3://bucket" }, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
  [{ ...destination("s3://bucket"), MLFLOW_S3_ENDPOINT_URL: "minio:9000" }, "MLFLOW_S3_ENDPOINT_URL"],
  [{ ...destination("s3://bucket"), MLFLOW_S3_UPLOAD_EXTRA_ARGS: "{" }, "MLFLOW_S3_UPLOAD_EXTRA_ARGS must be"],
  [{ ...destination("s3://bucket"), MLFLOW_S3_UPLOAD_EXTRA_ARGS: '{"Bogus": 1}' }, "knows no Bogus"],
])("%o names the setting", (variables, named) => {
  expect(() => s3Settings(variables)).toThrow(named);
});

test("a session's token, and slashes that change nothing", () => {
  expect(s3Settings({ ...destination("s3://bucket"), AWS_SESSION_TOKEN: "t" })?.sessionToken).toBe("t");
  expect(s3Settings({ ...destination("s3://bucket"), AWS_SESSION_TOKEN: "" })?.sessionToken).toBeUndefined();
  expect(s3Settings({ ...destination("s3://bucket"), MLFLOW_S3_ENDPOINT_URL: "" })?.endpoint).toBeUndefined();
  expect(s3Settings({ ...destination("s3://bucket"), AWS_DEFAULT_REGION: "eu-west-1" })?.region).toBe("eu-west-1");
  expect(s3Settings(destination("s3://bucket///a//b"))?.prefix).toBe("a/b/");
  const url = { ...destination("s3://bucket"), MLFLOW_S3_ENDPOINT_URL: "http://minio:9000//" };
  expect(s3Settings(url)?.endpoint).toBe("http://minio:9000");
});

test.each([
  "x s3://bucket",
  "s3://bucket?x",
  "s3://bucket/a?b",
  "s3://bucket/a#b",
  "s3://-bucket",
  "s3://bucket-",
  "s3://",
])("%s is no bucket", (uri) => {
  expect(() => s3Settings(destination(uri))).toThrow(
    "MLFLOW_ARTIFACTS_DESTINATION must be a bucket, such as s3://bucket/folder.",
  );
});

test("one key without the other is too few", () => {
  const message = "MLFLOW_ARTIFACTS_DESTINATION needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
  for (const key of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
    expect(() => s3Settings({ ...destination("s3://bucket"), [key]: "" })).toThrow(message);
  }
});

test.each([
  ["{", 'must be a JSON object, such as {"ServerSideEncryption": "aws:kms"}.'],
  ["[]", "must be a JSON object."],
  ["null", "must be a JSON object."],
  ["1", "must be a JSON object."],
  ['{"Bogus": 1}', /knows no Bogus, only ACL, BucketKeyEnabled, .*, Tagging\.$/],
])("of %s the fault is told", (args, message) => {
  const found = () => s3Settings({ ...destination("s3://bucket"), MLFLOW_S3_UPLOAD_EXTRA_ARGS: args });
  expect(found).toThrow(message);
  expect(found).toThrow(/^MLFLOW_S3_UPLOAD_EXTRA_ARGS /);
});

test.each(["minio:9000", "ftp://minio", "x http://minio", "http://"])("%s is no address", (endpoint) => {
  expect(() => s3Settings({ ...destination("s3://bucket"), MLFLOW_S3_ENDPOINT_URL: endpoint })).toThrow(
    "MLFLOW_S3_ENDPOINT_URL must be an address, such as https://storage.example.com.",
  );
});
