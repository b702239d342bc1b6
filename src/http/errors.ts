import { invalidParameter, MlflowError } from "../domain/errors.ts";
import { isBeyondLimits } from "../stores/d1/connection/guard.ts";
import { json } from "../wire/respond.ts";

/** D1 and Durable Object failures that pass: the write may or may not have happened, and is safe to repeat. */
const TRANSIENT =
  /Network connection lost|caused object to be reset|reset because its code was updated|(D1 DB|Durable Object) is overloaded|Cannot resolve D1 DB|internal error; reference/i;

/** The answer for anything thrown. What we did not throw on purpose is logged under the request's id and not shown. */
export function errorResponse(error: unknown, requestId: string): Response {
  if (error instanceof MlflowError) return mlflowErrorResponse(error);
  if (isBeyondLimits(error)) {
    const message =
      "The request is larger or deeper than the database takes: shorten its texts and lists, or send parts.";
    return mlflowErrorResponse(invalidParameter(message));
  }
  console.error(requestId, error);
  if (isTransient(error)) {
    return mlflowErrorResponse(
      new MlflowError("TEMPORARILY_UNAVAILABLE", `The storage did not answer; please repeat (request ${requestId}).`),
    );
  }
  return mlflowErrorResponse(new MlflowError("INTERNAL_ERROR", `Internal error (request ${requestId}).`));
}

/** By the platform's word, where it gives one (Durable Objects' errors), else by its texts (developers.cloudflare.com/d1). */
function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("retryable" in error && error.retryable === true) || TRANSIENT.test(error.message);
}

function mlflowErrorResponse(error: MlflowError): Response {
  const response = json({ error_code: error.code, message: error.message }, error.status);
  if (error.code === "UNAUTHENTICATED")
    response.headers.set("WWW-Authenticate", 'Basic realm="mlflow", charset="UTF-8"');
  if (error.status === 429 || error.status === 503) response.headers.set("Retry-After", "2");
  return response;
}
