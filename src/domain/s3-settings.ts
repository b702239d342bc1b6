/** A bucket, and how to reach it. */
export interface S3Settings {
  readonly bucket: string;
  /** The prefix of all keys: "" or segments with a slash at the end. */
  readonly prefix: string;
  readonly region: string;
  /** The URL of an S3-compatible store other than Amazon's, without a slash at its end. */
  readonly endpoint: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Headers that are sent with every upload, such as for encryption. */
  readonly uploadHeaders: Readonly<Record<string, string>>;
}

/** The variables, by the names that MLflow and Amazon's own clients use. */
export interface S3Variables {
  readonly MLFLOW_ARTIFACTS_DESTINATION?: string | undefined;
  readonly AWS_ACCESS_KEY_ID?: string | undefined;
  readonly AWS_SECRET_ACCESS_KEY?: string | undefined;
  readonly AWS_SESSION_TOKEN?: string | undefined;
  readonly AWS_DEFAULT_REGION?: string | undefined;
  readonly MLFLOW_S3_ENDPOINT_URL?: string | undefined;
  readonly MLFLOW_S3_UPLOAD_EXTRA_ARGS?: string | undefined;
}

/** boto3's upload arguments and their headers in S3's API (docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html). */
const UPLOAD_HEADERS: Readonly<Record<string, string>> = {
  ACL: "x-amz-acl",
  BucketKeyEnabled: "x-amz-server-side-encryption-bucket-key-enabled",
  CacheControl: "cache-control",
  ExpectedBucketOwner: "x-amz-expected-bucket-owner",
  RequestPayer: "x-amz-request-payer",
  SSEKMSEncryptionContext: "x-amz-server-side-encryption-context",
  SSEKMSKeyId: "x-amz-server-side-encryption-aws-kms-key-id",
  ServerSideEncryption: "x-amz-server-side-encryption",
  StorageClass: "x-amz-storage-class",
  Tagging: "x-amz-tagging",
};

/**
 * The bucket in `MLFLOW_ARTIFACTS_DESTINATION`; undefined where the variable names none.
 * @throws Error naming the setting that is wrong or missing, without any secret's value.
 */
export function s3Settings(variables: S3Variables): S3Settings | undefined {
  const destination = variables.MLFLOW_ARTIFACTS_DESTINATION;
  if (!destination) return undefined;
  const [, bucket = "", path = ""] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/+([^?#]*))?$/.exec(destination) ?? [];
  if (bucket === "") throw new Error("MLFLOW_ARTIFACTS_DESTINATION must be a bucket, such as s3://bucket/folder.");
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
  if (!accessKeyId || !secretAccessKey) {
    throw new Error("MLFLOW_ARTIFACTS_DESTINATION needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
  }
  const endpoint = variables.MLFLOW_S3_ENDPOINT_URL?.replace(/\/+$/, "") || undefined;
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:\/\//.test(endpoint))) {
    throw new Error("MLFLOW_S3_ENDPOINT_URL must be an address, such as https://storage.example.com.");
  }
  const folder = path.split("/").filter((segment) => segment !== "");
  return {
    bucket,
    prefix: folder.map((segment) => `${segment}/`).join(""),
    // R2 accepts auto and us-east-1; most other stores accept any region.
    region: variables.AWS_DEFAULT_REGION || "us-east-1",
    endpoint,
    accessKeyId,
    secretAccessKey,
    sessionToken: variables.AWS_SESSION_TOKEN || undefined,
    uploadHeaders: uploadHeaders(variables.MLFLOW_S3_UPLOAD_EXTRA_ARGS),
  };
}

function uploadHeaders(json: string | undefined): Record<string, string> {
  if (!json) return {};
  const wrong = (reason: string) => new Error(`MLFLOW_S3_UPLOAD_EXTRA_ARGS ${reason}.`);
  let args: unknown;
  try {
    args = JSON.parse(json);
  } catch {
    throw wrong('must be a JSON object, such as {"ServerSideEncryption": "aws:kms"}');
  }
  if (typeof args !== "object" || args === null || Array.isArray(args)) throw wrong("must be a JSON object");
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const header = UPLOAD_HEADERS[name];
      if (header === undefined) throw wrong(`knows no ${name}, only ${Object.keys(UPLOAD_HEADERS).join(", ")}`);
      return [header, String(value)];
    }),
  );
}
