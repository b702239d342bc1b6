/** Headers of every API answer: never cached, never sniffed, never a document. */
const API_HEADERS = new Headers({
  "Content-Type": "application/json",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
});

/** 200 with a JSON object; MLflow's clients take any other success for an error. */
export function json(body: object, status = 200): Response {
  return jsonText(JSON.stringify(body), status);
}

/** 200 with JSON that is already text, or a stream of it. */
export function jsonText(body: string | ReadableStream<Uint8Array>, status = 200): Response {
  return new Response(body, { status, headers: API_HEADERS });
}

/**
 * 200 with JSON that is written piece by piece, as fast as the client reads. The first piece is made before the answer
 * begins, so that what fails at once is an error and not half an answer.
 */
export async function jsonStream(pieces: AsyncIterator<string, void>): Promise<Response> {
  const encoder = new TextEncoder();
  return jsonText(await streamOf(pieces, (piece) => encoder.encode(piece)));
}

/** The same of bytes. */
export async function byteStream(pieces: AsyncIterator<Uint8Array, void>): Promise<Response> {
  const body = await streamOf(pieces, (piece) => piece);
  const headers = new Headers(API_HEADERS);
  headers.set("Content-Type", "application/octet-stream");
  return new Response(body, { headers });
}

async function streamOf<Piece>(
  pieces: AsyncIterator<Piece, void>,
  encode: (piece: Piece) => Uint8Array,
): Promise<ReadableStream<Uint8Array>> {
  let piece = await pieces.next();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (piece.done) return controller.close();
      controller.enqueue(encode(piece.value));
      piece = await pieces.next();
    },
  });
}
