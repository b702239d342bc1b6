/**
 * All requests to the server go through this file. Every path is relative to the page, so the UI also works below a static
 * prefix. Nothing here repeats a request: TanStack Query decides this by {@link isWorthRepeating}.
 */

/** MLflow's error answer `{"error_code", "message"}`, or an equivalent if the answer has another format. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /** MLflow's code, such as RESOURCE_DOES_NOT_EXIST; NETWORK_ERROR if there was no answer. */
  readonly code: string;

  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;

  /** Where a run's artifacts are, if they are not on this server. */
  readonly artifactUri: string | undefined;

  constructor(status: number, code: string, message: string, artifactUri?: string) {
    super(message);
    this.artifactUri = artifactUri;
    this.status = status;
    this.code = code;
  }
}

/** The server refuses a page's change without this header, because a page of another site cannot add it. */
const PAGE_HEADER = { "x-trackflare-page": "1" };

/** Query values: undefined leaves a field out, a list repeats it. */
export type QueryFields = Record<string, string | number | boolean | readonly string[] | undefined>;

/** The prefix of MLflow's REST API for browsers. */
export const MLFLOW = "ajax-api/2.0/mlflow";

/** @param path relative to the page, without a leading slash. */
export function withQuery(path: string, fields: QueryFields = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (typeof value === "object") for (const item of value) query.append(name, item);
    else query.append(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** What a reader who may not do something is told. */
export const deniedTo = (what: string): string =>
  `You may not ${what}. Whoever manages it, or an admin of this server, can grant it to you.`;

/** Also true for a missing thing: the server does not distinguish the two. */
export const DENIED = deniedTo("do this");

/** The error in an answer that is not 2xx. A proxy's HTML page becomes its status line. */
export async function errorOf(response: Response): Promise<ApiError> {
  const fallback = new ApiError(
    response.status,
    "INTERNAL_ERROR",
    `The server answered ${`${response.status} ${response.statusText}`.trim()}.`,
  );
  try {
    const body: unknown = JSON.parse(await response.text());
    if (typeof body !== "object" || body === null || !("error_code" in body)) return fallback;
    const message = "message" in body && typeof body.message === "string" ? body.message : fallback.message;
    const artifactUri = "artifact_uri" in body ? String(body.artifact_uri) : undefined;
    const told = message === "Permission denied." ? DENIED : message;
    return new ApiError(response.status, String(body.error_code), told, artifactUri);
  } catch {
    return fallback;
  }
}

/** 5xx that stay so: the server cannot do this, or has no space left. */
const LASTING = new Set([501, 507]);

/** True for errors that may be temporary: no answer, 429 and most of 5xx. A wrong request stays wrong. */
export function isWorthRepeating(error: unknown): boolean {
  if (!(error instanceof ApiError) || LASTING.has(error.status)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

const BOOKMARK = "x-trackflare-bookmark";

/**
 * The newest state of the database that this page has seen. The server may read a replica near the reader, and the bookmark
 * says how new the replica must be. Undefined at the start and after a change: the next read goes to the primary.
 */
let bookmark: string | undefined;

/** Changes so far, as {@link forgetBookmark} counts them. */
let changes = 0;

/** Something has changed, so the next read must see the newest state. */
export function forgetBookmark(): void {
  changes++;
  bookmark = undefined;
}

/** @param since the {@link changes} when the request was sent: an answer from before a change may be too old */
function noteBookmark(response: Response, init: PlainInit, since: number): void {
  const told = response.ok ? response.headers.get(BOOKMARK) : null;
  if (told === null) {
    // A change, or a bookmark that the database does not know any more.
    if (init.method !== undefined || !response.ok) forgetBookmark();
  } else if (since === changes && (bookmark === undefined || told > bookmark)) bookmark = told;
}

/** Headers are an object, so that the client can add its own. */
type PlainInit = RequestInit & { headers?: Record<string, string> };

type AnswerListener = (error: ApiError | undefined) => void;

const listeners = new Set<AnswerListener>();
let latest: ApiError | undefined;

/** Calls the listener with each answer's error (undefined for 2xx), starting with the latest. Returns the unsubscriber. */
export function onAnswer(listener: AnswerListener): () => void {
  listeners.add(listener);
  listener(latest);
  return () => listeners.delete(listener);
}

function heard(error: ApiError | undefined): void {
  latest = error;
  for (const tell of listeners) tell(error);
}

/**
 * Sends one request, and returns a 2xx answer.
 * @throws ApiError for any other answer, or without an answer. An aborted request rejects with the signal's reason.
 */
export async function request(path: string, init: PlainInit = {}): Promise<Response> {
  let response: Response;
  const since = changes;
  try {
    const headers = {
      ...init.headers,
      ...(init.method !== undefined && PAGE_HEADER),
      ...(bookmark !== undefined && path.startsWith("ui-api/") && { [BOOKMARK]: bookmark }),
    };
    response = await fetch(path, { credentials: "same-origin", ...init, headers });
    noteBookmark(response, init, since);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    const failure = new ApiError(0, "NETWORK_ERROR", "The server could not be reached.");
    heard(failure);
    throw failure;
  }
  const failure = response.ok ? undefined : await errorOf(response);
  heard(failure);
  if (failure !== undefined) throw failure;
  return response;
}

/** Parses an answer. An answer without content is `{}` or empty in MLflow. */
async function json<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  return JSON.parse(text === "" ? "{}" : text) as Answer;
}

function sendJson(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return request(path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

export async function getJson<Answer>(path: string, fields?: QueryFields, signal?: AbortSignal): Promise<Answer> {
  return json<Answer>(await request(withQuery(path, fields), signal && { signal }));
}

export async function postJson<Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  return json<Answer>(await sendJson("POST", path, body, signal));
}

export async function patchJson<Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  return json<Answer>(await sendJson("PATCH", path, body, signal));
}

export async function deleteJson<Answer>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<Answer> {
  return json<Answer>(await sendJson("DELETE", path, body, signal));
}

export async function getText(path: string, fields?: QueryFields, signal?: AbortSignal): Promise<string> {
  return (await request(withQuery(path, fields), signal && { signal })).text();
}

/** A part of a file. */
export interface ByteRange {
  bytes: Uint8Array;
  /** The size of the whole file in bytes; undefined if the server does not send it. */
  totalBytes: number | undefined;
}

/** Bytes `from` to `to`, both inclusive. If the server ignores ranges, this cuts the part from the whole file. */
export async function getRange(path: string, from: number, to: number, signal?: AbortSignal): Promise<ByteRange> {
  let response: Response;
  try {
    response = await request(path, { headers: { range: `bytes=${from}-${to}` }, ...(signal && { signal }) });
  } catch (error) {
    // An empty file has no satisfiable range.
    if (error instanceof ApiError && error.status === 416) return { bytes: new Uint8Array(), totalBytes: 0 };
    throw error;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 206) return { bytes: bytes.subarray(from, to + 1), totalBytes: bytes.length };
  const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  return { bytes, totalBytes: total === undefined ? undefined : Number(total) };
}

/** Sends JSON, and returns the answer's bytes. */
export async function postBinary(path: string, body: unknown, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await sendJson("POST", path, body, signal)).arrayBuffer();
}
