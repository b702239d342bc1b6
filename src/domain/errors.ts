import { MAX_ERROR_LENGTH } from "./limits.ts";

/**
 * MLflow's error codes with the HTTP status that its clients expect for each.
 * Python's client retries every request on 408, 429, 500, 502, 503 and 504, so a permanent condition must never map to one
 * of these statuses. Therefore `INVALID_STATE` (500 in MLflow) is not in this list.
 */
const HTTP_STATUS = {
  BAD_REQUEST: 400,
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_DOES_NOT_EXIST: 404,
  REQUEST_TOO_LARGE: 413,
  RANGE_NOT_SATISFIABLE: 416,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
  /** A limit of the platform: storage, memory, a day's allowance. No client retries it by itself. */
  RESOURCE_LIMIT_EXCEEDED: 507,
} as const;

export type ErrorCode = keyof typeof HTTP_STATUS;

/**
 * An error that reaches the client as `{"error_code", "message"}` with the status of its code. The message may repeat input
 * of any length, so it is cut here, for REST, GraphQL and everything else that shows it.
 */
export class MlflowError extends Error {
  override readonly name = "MlflowError";

  readonly code: ErrorCode;
  /** Further fields in the answer, which some clients look for. */
  readonly fields: Readonly<Record<string, unknown>>;

  /** After how many seconds to retry a 429 or 503, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
    retryAfterSeconds?: number,
  ) {
    super(cutMiddle(message, MAX_ERROR_LENGTH));
    this.code = code;
    this.fields = fields;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get status(): (typeof HTTP_STATUS)[ErrorCode] {
    return HTTP_STATUS[this.code];
  }
}

/** 400: the request is at fault, and nothing was changed. */
export function invalidParameter(message: string): MlflowError {
  return new MlflowError("INVALID_PARAMETER_VALUE", message);
}

/** 404: the thing that the request names does not exist. */
export function doesNotExist(message: string): MlflowError {
  return new MlflowError("RESOURCE_DOES_NOT_EXIST", message);
}

/** 400: the name is taken. */
export function alreadyExists(message: string): MlflowError {
  return new MlflowError("RESOURCE_ALREADY_EXISTS", message);
}

/** Cuts the middle, to at most `length` characters: the start of a message says what is wrong, its end what to do. */
function cutMiddle(message: string, length: number): string {
  if (message.length <= length) return message;
  const end = Math.floor(length / 3);
  return `${message.slice(0, length - end - 1)}…${message.slice(-end)}`.toWellFormed();
}
