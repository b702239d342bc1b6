import { joinBytes } from "../domain/bytes.ts";
import { invalidParameter, MlflowError } from "../domain/errors.ts";
import { parseJsonExactly } from "../wire/json.ts";
import { type Message, queryToRaw, wireNameOf } from "../wire/message.ts";
import type { BytesInput, Route } from "../wire/route.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * The route's input from the request, by the input's kind.
 * @param pathParameters fields that the path names, by their wire names; they take precedence over the body.
 * @throws MlflowError INVALID_PARAMETER_VALUE or REQUEST_TOO_LARGE.
 */
export async function readInput<Input>(
  request: Request,
  input: Route<Input>["input"],
  pathParameters: Readonly<Record<string, string>> = {},
): Promise<Input> {
  switch (input.kind) {
    case "message":
      return input.parse(withPathParameters(await readRaw(request, input), pathParameters), "");
    case "bytes":
      return input.read(request, await readBytes(request, input));
    case "stream":
      return input.read(request);
  }
}

/**
 * The body, of at most `maxBytes`. No more than that is ever kept: a body without a Content-Length is refused as soon as it
 * is too long. Its rest stays unread.
 * @throws MlflowError REQUEST_TOO_LARGE.
 */
export async function readBytes(
  request: Request,
  { maxBytes, tooLarge = () => bodyTooLarge(maxBytes) }: Pick<BytesInput<unknown>, "maxBytes" | "tooLarge">,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get("Content-Length");
  if (Number(length) > maxBytes) throw tooLarge();
  // HTTP ensures that a body is no longer than its Content-Length.
  if (length !== null || request.body === null) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body.values({ preventCancel: true })) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return joinBytes(chunks, size);
}

function bodyTooLarge(maxBytes: number): MlflowError {
  return new MlflowError("REQUEST_TOO_LARGE", `The body may have at most ${maxBytes} bytes.`);
}

/** Reads the query of a GET that has one, else the JSON body, which old clients send with GET too. */
async function readRaw(request: Request, { repeatedNames, maxBytes }: Message<unknown>): Promise<unknown> {
  const queryStart = request.method === "GET" || request.method === "HEAD" ? request.url.indexOf("?") : -1;
  if (queryStart !== -1 && queryStart < request.url.length - 1) {
    return queryToRaw(new URLSearchParams(request.url.slice(queryStart)), repeatedNames);
  }
  // A hostile page would send a form or text/plain POST, since neither needs a preflight (CVE-2023-43472).
  if (request.method === "POST" || request.method === "PUT") requireJson(request.headers.get("Content-Type"));
  return parseBody(decodeUtf8(await readBytes(request, { maxBytes })));
}

/** The path's fields replace the body's, as in MLflow 3.18, so that authorization and handler read the same id. */
function withPathParameters(raw: unknown, pathParameters: Readonly<Record<string, string>>): unknown {
  if (Object.keys(pathParameters).length === 0) return raw;
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  const others = Object.entries(raw).filter(([name]) => !Object.hasOwn(pathParameters, wireNameOf(name)));
  return { ...Object.fromEntries(others), ...pathParameters };
}

function requireJson(contentType: string | null): void {
  if (contentType === null) throw invalidParameter("Bad Request. Content-Type header is missing.");
  if (!/^application\/json *(;|$)/i.test(contentType)) {
    throw invalidParameter("Bad Request. Content-Type must be application/json.");
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidParameter("The body is not UTF-8.");
  }
}

/** An empty body is an empty message. A JSON string is decoded again, because the oldest clients encode twice. */
function parseBody(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    const parsed = parseJsonExactly(text);
    return typeof parsed === "string" ? parseJsonExactly(parsed) : parsed;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw invalidParameter("The body is not JSON.");
  }
}
