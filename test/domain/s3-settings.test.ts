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
