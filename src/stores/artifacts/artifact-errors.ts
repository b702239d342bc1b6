import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";

/** 400: a folder has the name `key`, or a file has the name of one of its folders. */
export function nameTaken(key: string): MlflowError {
  return invalidParameter(`Cannot store artifact '${key}': there is a folder of that name, or a file above it.`);
}

/** 400: the upload ended early. */
export class IncompleteUpload extends MlflowError {
  constructor(key: string) {
    super(
      "INVALID_PARAMETER_VALUE",
      `The upload of artifact '${key}' ended before all of it had arrived; nothing was changed.`,
    );
  }
}

/** R2's own failures (developers.cloudflare.com/r2/api/error-codes). */
const STORE_FAILURES = /\((10001|10043)\)|encountered an internal error/i;

/** Whether the error is a failure of the store, not of the request. */
export function isStoreFailure(error: unknown): boolean {
  return error instanceof Error && STORE_FAILURES.test(error.message);
}

/** 503: the store failed; repeating the whole upload is safe. */
export function storeFailed(key: string): MlflowError {
  return new MlflowError("TEMPORARILY_UNAVAILABLE", `The store did not take artifact '${key}'; please send it again.`);
}

/** 507: the disk is full. Repeating does not help. */
export function noRoom(key: string): MlflowError {
  return new MlflowError("RESOURCE_LIMIT_EXCEEDED", `The server's disk has no space left for artifact '${key}'.`);
}

/** 416: the range contains no byte of the object. */
export function rangeNotSatisfiable(key: string): MlflowError {
  return new MlflowError("RANGE_NOT_SATISFIABLE", `The range asked for lies outside of artifact '${key}'.`);
}

/** 404: the upload was completed or aborted, or never begun. */
export function noSuchUpload(uploadId: string): MlflowError {
  return doesNotExist(`There is no upload '${uploadId}' under way.`);
}

/** 400: the parts that the client names do not make an upload. */
export function wrongParts(uploadId: string): MlflowError {
  return invalidParameter(`The parts of upload '${uploadId}' are not as they were sent.`);
}
