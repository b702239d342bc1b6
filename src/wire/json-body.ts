import { invalidParameter } from "../domain/errors.ts";
import { parseJsonExactly } from "./json.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * Refuses a body of another type. A hostile page would send a form or text/plain, since neither needs a preflight
 * (CVE-2023-43472).
 * @throws MlflowError INVALID_PARAMETER_VALUE
 */
export function requireJson({ headers }: Request): void {
  const contentType = headers.get("Content-Type");
  if (contentType === null) throw invalidParameter("Bad Request. Content-Type header is missing.");
  if (!/^application\/json *(;|$)/i.test(contentType)) {
    throw invalidParameter("Bad Request. Content-Type must be application/json.");
  }
}

/**
 * What a body says. An empty body is an empty message. A JSON string is decoded again, because the oldest clients encode
 * twice.
 * @throws MlflowError INVALID_PARAMETER_VALUE
 */
export function jsonBody(body: Uint8Array): unknown {
  const text = decodeUtf8(body);
  if (text.trim() === "") return {};
  try {
    const parsed = parseJsonExactly(text);
    return typeof parsed === "string" ? parseJsonExactly(parsed) : parsed;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw invalidParameter("The body is not JSON.");
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidParameter("The body is not UTF-8.");
  }
}
