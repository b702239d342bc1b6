import { AwsV4Signer } from "aws4fetch";
import { invalidParameter, MlflowError } from "../../../domain/errors.ts";
import type { S3Settings } from "../../../domain/s3-settings.ts";
import { xmlText } from "./s3-xml.ts";

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The key below the destination's prefix; absent for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ReadableStream<Uint8Array> | Uint8Array | string | null;
}

/** A failed answer: its status and S3's own code, such as `NoSuchKey`; "" if it has no code. */
export interface S3Failure {
  readonly status: number;
  readonly code: string;
}

/** How often a repeatable request is sent: its body must be in memory, and repeating it must be harmless. */
const MAX_ATTEMPTS = 3;
const RETRY_DELAY_MS = 200;
/** How long a request whose body is in memory waits for the beginning of the answer. */
const ANSWER_TIMEOUT_MS = 20_000;

/** Signed requests to one bucket. A request whose body is a stream is sent only once. */
export class S3Client {
  readonly settings: S3Settings;

  constructor(settings: S3Settings) {
    this.settings = settings;
  }

  /** @throws MlflowError made by {@link s3Error}, for an answer that is neither a success nor in `expected`. */
  async send(request: S3Request, expected: readonly number[] = []): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === MAX_ATTEMPTS || request.body instanceof ReadableStream;
      const response = await this.#fetch(request, isLast);
      if (response?.ok || (response && expected.includes(response.status))) return response;
      if (response && (isLast || response.status < 500))
        throw s3Error(this.settings, await this.#cause(request, response));
      await response?.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS * attempt));
    }
  }

  /** The answer to a HEAD has no body, so it does not tell the cause: a list of the bucket fails for the same cause. */
  async #cause(request: S3Request, response: Response): Promise<S3Failure> {
    const failure = await failureOf(response);
    if (request.method !== "HEAD" || failure.code !== "") return failure;
    const list = await this.#fetch({ method: "GET", query: { "list-type": "2", "max-keys": "1" } }, true);
    const ofList = list && (await failureOf(list));
    return ofList !== undefined && ofList.status >= 400 ? ofList : failure;
  }

  /**
   * A URL with which anyone who has it can make this one request.
   * @param seconds until it expires.
   */
  async presign({ method, key, query = {} }: S3Request, seconds: number): Promise<string> {
    const url = this.#url(key, { ...query, "X-Amz-Expires": String(seconds) });
    return (await this.#signer(url, { method, signQuery: true }).sign()).url.toString();
  }

  /** @returns undefined when the store did not answer, and may be asked again. */
  async #fetch(
    { method, key, query = {}, headers = {}, body }: S3Request,
    isLast: boolean,
  ): Promise<Response | undefined> {
    const signed = await this.#signer(this.#url(key, query), { method, headers }).sign();
    // A body that is sent as a stream may take hours.
    const waiting = new AbortController();
    const timer = body instanceof ReadableStream ? undefined : setTimeout(() => waiting.abort(), ANSWER_TIMEOUT_MS);
    const init = {
      method,
      headers: signed.headers,
      body: body ?? null,
      redirect: "manual",
      // On the edge a fetch would keep an object that was stored with a Cache-Control, and nothing would end what it keeps.
      cache: "no-store",
      signal: waiting.signal,
    } as const;
    try {
      return await fetch(signed.url, init);
    } catch (error) {
      // A store that is slow now would be slow again, and the client waits.
      if (waiting.signal.aborted) throw slow(this.settings);
      if (!isLast) return undefined;
      console.error("Artifact store:", error);
      throw unreachable(this.settings);
    } finally {
      clearTimeout(timer);
    }
  }

  #signer(
    url: string,
    {
      method,
      headers = {},
      signQuery = false,
    }: { method: string; headers?: S3Request["headers"]; signQuery?: boolean },
  ) {
    const { accessKeyId, secretAccessKey, sessionToken, region } = this.settings;
    // Streamed bodies are not hashed beforehand. The connection protects their integrity.
    const payload = signQuery ? undefined : { "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" };
    return new AwsV4Signer({
      url,
      method,
      headers: { ...headers, ...payload },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: "s3",
      region,
      signQuery,
    });
  }

  #url(key: string | undefined, query: Readonly<Record<string, string>>): string {
    const { bucket, region, endpoint, prefix } = this.settings;
    // Amazon's certificates do not cover bucket names with a dot.
    const base =
      endpoint !== undefined
        ? `${endpoint}/${bucket}`
        : bucket.includes(".")
          ? `https://s3.${region}.amazonaws.com/${bucket}`
          : `https://${bucket}.s3.${region}.amazonaws.com`;
    const path = key === undefined ? "" : `${prefix}${key}`.split("/").map(encodeSegment).join("/");
    const parameters = Object.entries(query).map(([name, value]) => `${encodeSegment(name)}=${encodeSegment(value)}`);
    return `${base}/${path}${parameters.length > 0 ? `?${parameters.join("&")}` : ""}`;
  }
}

/** Percent-encodes as signatures require (RFC 3986): everything except letters, digits and `-._~`. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

export async function failureOf(response: Response): Promise<S3Failure> {
  const text = await response.text().catch(() => "");
  return { status: response.status, code: xmlText(text, "Code") };
}

/**
 * The client's error for a failure of the store: 503 if repeating may help; otherwise a status that clients do not repeat,
 * with the cause that the operator must fix.
 */
export function s3Error(settings: S3Settings, { status, code }: S3Failure): MlflowError {
  const { bucket, region, accessKeyId } = settings;
  const what = `The artifact store answered ${status}${code && ` ${code}`}`;
  switch (code) {
    case "NoSuchBucket":
      return new MlflowError(
        "BAD_REQUEST",
        `${what}: the bucket '${bucket}' of MLFLOW_ARTIFACTS_DESTINATION is not there.`,
      );
    case "KeyTooLongError":
      return invalidParameter(
        `${what}: with the folder of MLFLOW_ARTIFACTS_DESTINATION before it, the path is too long.`,
      );
    case "InvalidAccessKeyId":
    // versitygw says this, with 404.
    case "XAdminUserNotFound":
      return new MlflowError("PERMISSION_DENIED", `${what}: it does not know AWS_ACCESS_KEY_ID '${accessKeyId}'.`);
    case "SignatureDoesNotMatch":
      return new MlflowError(
        "PERMISSION_DENIED",
        `${what}: AWS_SECRET_ACCESS_KEY is not the one of AWS_ACCESS_KEY_ID '${accessKeyId}'.`,
      );
    case "AuthorizationHeaderMalformed":
    case "PermanentRedirect":
    case "IllegalLocationConstraintException":
      return new MlflowError(
        "BAD_REQUEST",
        `${what}: the bucket '${bucket}' is not in AWS_DEFAULT_REGION '${region}'.`,
      );
  }
  // Repeating helps neither.
  if (status === 501) return new MlflowError("NOT_IMPLEMENTED", `${what}: it does not support this request.`);
  if (status === 507) return new MlflowError("RESOURCE_LIMIT_EXCEEDED", `${what}: it has no space left.`);
  if (status >= 500 || status === 429) return new MlflowError("TEMPORARILY_UNAVAILABLE", `${what}; please repeat.`);
  if (status === 403) {
    const who = `AWS_ACCESS_KEY_ID '${accessKeyId}' with this AWS_SECRET_ACCESS_KEY`;
    return new MlflowError("PERMISSION_DENIED", `${what}: ${who} may not do this in the bucket '${bucket}'.`);
  }
  return new MlflowError("BAD_REQUEST", `${what} for the bucket '${bucket}'.`);
}

function unreachable(settings: S3Settings): MlflowError {
  return unavailable(settings, "cannot be reached");
}

function slow(settings: S3Settings): MlflowError {
  return unavailable(settings, `has not answered for ${ANSWER_TIMEOUT_MS / 1000} s`);
}

function unavailable({ endpoint, bucket }: S3Settings, how: string): MlflowError {
  const where = endpoint === undefined ? `of the bucket '${bucket}'` : `at MLFLOW_S3_ENDPOINT_URL '${endpoint}'`;
  return new MlflowError("TEMPORARILY_UNAVAILABLE", `The artifact store ${where} ${how}; please repeat.`);
}
