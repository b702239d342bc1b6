import { invalidParameter, MlflowError } from "../domain/errors.ts";
import { type Message, parseJsonExactly, queryToRaw } from "../wire/message.ts";

/** Enough for a full log-batch and for a dataset with its schema and profile. */
const MAX_JSON_BODY_BYTES = 8 * 1024 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * The route's message from the request: from the query where a GET has one, else from the JSON body, which old clients
 * send with GET too. DELETE and PATCH carry a body as MLflow's clients send it.
 * @param pathParameters fields that the path names, by their wire names; a body may repeat but not contradict them.
 * @throws MlflowError INVALID_PARAMETER_VALUE or REQUEST_TOO_LARGE.
 */
export async function readMessage<T>(
  request: Request,
  message: Message<T>,
  pathParameters: Readonly<Record<string, string>> = {},
): Promise<T> {
  return message.parse(withPathParameters(await readRaw(request, message.repeatedNames), pathParameters), "");
}

async function readRaw(request: Request, repeatedNames: ReadonlySet<string>): Promise<unknown> {
  const queryStart = request.method === "GET" ? request.url.indexOf("?") : -1;
  if (queryStart !== -1 && queryStart < request.url.length - 1) {
    return queryToRaw(new URLSearchParams(request.url.slice(queryStart)), repeatedNames);
  }
  // A form or text/plain POST needs no preflight, so it is what a hostile page would send (CVE-2023-43472).
  if (request.method === "POST" || request.method === "PUT") requireJson(request.headers.get("Content-Type"));
  return parseBody(await readText(request));
}

function withPathParameters(raw: unknown, pathParameters: Readonly<Record<string, string>>): unknown {
  const parameters = Object.entries(pathParameters);
  if (parameters.length === 0 || typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  const body = raw as Record<string, unknown>;
  for (const [name, value] of parameters) {
    const repeated = Object.hasOwn(body, name) ? body[name] : undefined;
    if (repeated !== undefined && repeated !== null && repeated !== "" && repeated !== value) {
      throw invalidParameter(`Parameter '${name}' differs from the one in the path.`);
    }
  }
  return { ...body, ...pathParameters };
}

function requireJson(contentType: string | null): void {
  if (contentType === null) throw invalidParameter("Bad Request. Content-Type header is missing.");
  if (!/^application\/json *(;|$)/i.test(contentType)) {
    throw invalidParameter("Bad Request. Content-Type must be application/json.");
  }
}

async function readText(request: Request): Promise<string> {
  const tooLarge = () =>
    new MlflowError("REQUEST_TOO_LARGE", `A JSON body may have at most ${MAX_JSON_BODY_BYTES} bytes.`);
  if (Number(request.headers.get("Content-Length") ?? 0) > MAX_JSON_BODY_BYTES) throw tooLarge();
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > MAX_JSON_BODY_BYTES) throw tooLarge();
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidParameter("The body is not UTF-8.");
  }
}

/** An empty body is an empty message; a JSON string is decoded again, as the oldest clients encode twice. */
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
