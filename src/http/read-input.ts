import { joinBytes } from "../domain/bytes.ts";
import { MlflowError } from "../domain/errors.ts";
import { jsonBody, requireJson } from "../wire/json-body.ts";
import { type Message, queryToRaw, wireNameOf } from "../wire/message.ts";
import type { BytesInput, Route } from "../wire/route.ts";

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
  return joinBytes(chunks);
}

function bodyTooLarge(maxBytes: number): MlflowError {
  return new MlflowError("REQUEST_TOO_LARGE", `The body may have at most ${maxBytes} bytes.`);
}

/** Reads the query of a GET that has one, else the JSON body, which old clients send with GET too. A HEAD arrives as its GET. */
async function readRaw(request: Request, { repeatedNames, maxBytes }: Message<unknown>): Promise<unknown> {
  const queryStart = request.method === "GET" ? request.url.indexOf("?") : -1;
  if (queryStart !== -1 && queryStart < request.url.length - 1) {
    return queryToRaw(new URLSearchParams(request.url.slice(queryStart)), repeatedNames);
  }
  if (request.method === "POST" || request.method === "PUT") requireJson(request);
  return jsonBody(await readBytes(request, { maxBytes }));
}

/** The path's fields replace the body's, as in MLflow 3.18, so that authorization and handler read the same id. */
function withPathParameters(raw: unknown, pathParameters: Readonly<Record<string, string>>): unknown {
  if (Object.keys(pathParameters).length === 0) return raw;
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  const others = Object.entries(raw).filter(([name]) => !Object.hasOwn(pathParameters, wireNameOf(name)));
  return { ...Object.fromEntries(others), ...pathParameters };
}
