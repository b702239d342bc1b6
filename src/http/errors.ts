import { type ErrorCode, invalidParameter, MlflowError } from "../domain/errors.ts";
import { MAX_TEXTS_BYTES } from "../domain/limits.ts";
import { hadNoRoom, isBeyondLimits } from "../stores/d1/connection/guard.ts";
import { json } from "../wire/respond.ts";
import { log } from "./observe.ts";

/** How long clients wait before they retry, in seconds, where an error does not say. */
const RETRY_AFTER_SECONDS = 2;

/**
 * Failures of D1 and Durable Objects, by their error texts (developers.cloudflare.com/d1/observability/debug-d1,
 * developers.cloudflare.com/durable-objects/observability/troubleshooting). The first that matches counts.
 */
const STORAGE_FAILURES: readonly {
  readonly says: RegExp;
  readonly code: ErrorCode;
  readonly message: string;
}[] = [
  {
    // The storage is full, or the plan's daily limit is used up. Retries within minutes would only add to the use.
    says: /SQLITE_FULL|maximum DB size|account storage limit|storage limit|free tier|daily .{0,40}limit|limit.{0,40} (per|a) day/i,
    code: "RESOURCE_LIMIT_EXCEEDED",
    message: "The storage is full, or the limit of the Cloudflare plan is reached. The account's dashboard says which.",
  },
  {
    says: /exceeded (its |the )?(CPU|memory)|memory limit|CPU (time )?limit/i,
    code: "RESOURCE_LIMIT_EXCEEDED",
    message: "The request needs more memory or CPU time than the platform gives. Ask for less, or send less, at once.",
  },
  {
    // The request was never begun, because the queue was full.
    says: /(D1 DB|Durable Object) is overloaded/i,
    code: "REQUEST_LIMIT_EXCEEDED",
    message: "The storage is busy and did not take the request; please repeat it.",
  },
  {
    // The request may or may not have been carried out, and is safe to repeat.
    says: /Network connection lost|caused object to be reset|reset because its code was updated|Cannot resolve D1 DB|internal error; reference|encountered an internal error|\((10001|10043)\)/i,
    code: "TEMPORARILY_UNAVAILABLE",
    message: "The storage did not answer; please repeat the request.",
  },
];

/** The response for anything thrown. Unexpected errors are logged under the request's id and not shown. */
export function errorResponse(error: unknown, requestId: string): Response {
  if (error instanceof MlflowError) return mlflowErrorResponse(error);
  if (isBeyondLimits(error)) {
    const message =
      "The request is larger or deeper than the database takes: shorten its texts and lists, or send parts.";
    return mlflowErrorResponse(invalidParameter(message));
  }
  if (hadNoRoom(error)) {
    const message = `It has ${MAX_TEXTS_BYTES} bytes of tags, of params or of datasets already, and takes no more. Delete tags, or log the data as an artifact.`;
    return mlflowErrorResponse(invalidParameter(message));
  }
  log("error", requestId, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return mlflowErrorResponse(failureOf(error, requestId));
}

function failureOf(error: unknown, requestId: string): MlflowError {
  const text = error instanceof Error ? error.message : "";
  // The platform marks errors of Durable Objects that may be retried.
  const isRetryable = error instanceof Error && "retryable" in error && error.retryable === true;
  const known = STORAGE_FAILURES.find(
    ({ says, code }) => says.test(text) || (isRetryable && code === "TEMPORARILY_UNAVAILABLE"),
  );
  if (known !== undefined) return new MlflowError(known.code, `${known.message} (request ${requestId})`);
  return new MlflowError("INTERNAL_ERROR", `Internal error (request ${requestId}).`);
}

function mlflowErrorResponse(error: MlflowError): Response {
  const response = json({ error_code: error.code, message: error.message, ...error.fields }, error.status);
  if (error.code === "UNAUTHENTICATED") {
    response.headers.set("WWW-Authenticate", 'Basic realm="mlflow", charset="UTF-8"');
  }
  if (error.status === 429 || error.status === 503) {
    response.headers.set("Retry-After", String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  }
  return response;
}
