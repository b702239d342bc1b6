/**
 * Headers of every answer but logged files and the web UI, which have stricter ones: never cached, never sniffed, never a
 * document or in a frame, and never read by other sites.
 */
export const GUARDED_HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

const API_HEADERS = new Headers({ "Content-Type": "application/json", ...GUARDED_HEADERS });

/** A JSON object with status 200: MLflow's clients treat any other success as an error. */
export function json(body: object, status = 200): Response {
  return jsonText(JSON.stringify(body), status);
}

/** A text, such as `/metrics`. */
export function plainText(body: string, type = "text/plain; charset=utf-8"): Response {
  return new Response(body, { headers: { "Content-Type": type, ...GUARDED_HEADERS } });
}

/** @param location relative to the request's address where a proxy may have changed that address */
export function redirect(status: 302 | 308, location: string): Response {
  return new Response(null, { status, headers: { Location: location, ...GUARDED_HEADERS } });
}

/** From this many characters on, compressing an answer saves time on a network. */
const LARGE_LENGTH = 8 * 1024;

const large = new WeakSet<Response>();

/** Whether an answer is long or streamed JSON. It is remembered here, because a response does not know its length. */
export function isLarge(response: Response): boolean {
  return large.has(response);
}

/** JSON that is already text, or a stream of it, with status 200. */
export function jsonText(body: string | ReadableStream<Uint8Array>, status = 200): Response {
  const response = new Response(body, { status, headers: API_HEADERS });
  if (typeof body !== "string" || body.length >= LARGE_LENGTH) large.add(response);
  return response;
}

/**
 * How much of an answer is gathered before it is sent. A shorter answer is sent in one piece with its length, which
 * HTTP/1.0 clients need.
 */
const GATHERED_BYTES = 64 * 1024;

/**
 * JSON with status 200, written piece by piece as fast as the client reads. The first pieces are made before the answer
 * begins, so that an early failure becomes an error response and not half an answer.
 */
export async function jsonStream(pieces: AsyncIterator<string, void>): Promise<Response> {
  const { gathered, isWhole } = await gather(pieces);
  const text = gathered.join("");
  if (isWhole) {
    const response = jsonText(text);
    // The runtime tells a HEAD the length of any body but an empty one.
    if (text === "") response.headers.set("Content-Length", "0");
    return response;
  }
  const encoder = new TextEncoder();
  return jsonText(streamOf([text], pieces, (piece) => encoder.encode(piece)));
}

/** The same as jsonStream, for lines of JSON (NDJSON). */
export async function ndjsonStream(lines: AsyncIterator<string, void>): Promise<Response> {
  const response = await jsonStream(lines);
  response.headers.set("Content-Type", "application/x-ndjson");
  return response;
}

/** The same as jsonStream, for bytes. */
export async function byteStream(pieces: AsyncIterator<Uint8Array, void>): Promise<Response> {
  const headers = new Headers(API_HEADERS);
  headers.set("Content-Type", "application/octet-stream");
  const { gathered, isWhole } = await gather(pieces);
  return new Response(isWhole ? new Blob(gathered) : streamOf(gathered, pieces, (piece) => piece), { headers });
}

async function gather<Piece extends string | Uint8Array>(pieces: AsyncIterator<Piece, void>) {
  const gathered: Piece[] = [];
  for (let length = 0; length < GATHERED_BYTES; ) {
    const piece = await pieces.next();
    if (piece.done) return { gathered, isWhole: true };
    gathered.push(piece.value);
    length += piece.value.length;
  }
  return { gathered, isWhole: false };
}

function streamOf<Piece>(
  gathered: readonly Piece[],
  pieces: AsyncIterator<Piece, void>,
  encode: (piece: Piece) => Uint8Array,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of gathered) controller.enqueue(encode(piece));
    },
    async pull(controller) {
      const piece = await pieces.next();
      if (piece.done) controller.close();
      else controller.enqueue(encode(piece.value));
    },
  });
}
