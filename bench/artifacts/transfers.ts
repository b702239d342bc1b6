import { randomFillSync } from "node:crypto";
import { Agent, type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Connection } from "../http/connection.ts";

/* Transfers of one file, as MLflow's clients make them. No more than a few parts are in memory. */

/** MLflow's sizes of parts for uploads and downloads. */
const PART_BYTES = 10 * 1024 * 1024;
const RANGE_BYTES = 100 * 1024 * 1024;
const TRANSFERS_AT_ONCE = 4;

/** The bytes of every part of a file. They are random, so that nothing on the way can compress them. */
const PART = randomFillSync(Buffer.allocUnsafe(PART_BYTES));

/** Small files share connections. Each large file opens its own, because a server may close an idle one between two transfers. */
const shared = new Agent({ keepAlive: true });

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly body: string;
}

async function send(
  method: string,
  url: string,
  body?: { readonly length: number; readonly stream: Readable } | Buffer | string,
  headers: Record<string, string> = {},
  agent: Agent | false = false,
): Promise<Answer> {
  const length = body === undefined ? undefined : body.length;
  const outgoing = request(url, {
    method,
    agent,
    headers: { ...headers, ...(length !== undefined && { "Content-Length": length }) },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve).once("error", reject);
  });
  if (typeof body === "object" && "stream" in body) await pipeline(body.stream, outgoing);
  else outgoing.end(body);
  const incoming = await answered;
  const pieces: Buffer[] = [];
  for await (const piece of incoming as AsyncIterable<Buffer>) pieces.push(piece);
  const status = incoming.statusCode ?? 0;
  const text = Buffer.concat(pieces).toString();
  if (status >= 300) throw new Error(`${method} ${url.slice(0, 200)}: ${status} ${text.slice(0, 300)}`);
  return { status, etag: incoming.headers.etag ?? "", body: text };
}

function* parts(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= PART_BYTES) yield PART.subarray(0, Math.min(left, PART_BYTES));
}

export async function putWhole(url: string, bytes: number, headers: Record<string, string> = {}): Promise<void> {
  await send("PUT", url, { length: bytes, stream: Readable.from(parts(bytes)) }, headers);
}

export async function getWhole(url: string, bytes: number): Promise<void> {
  requireBytes(await bodyBytes(url), bytes);
}

/**
 * Reads a body, and counts its bytes. All pieces come into one buffer (bench/http/connection.ts): with Node's own client, which
 * makes a new buffer for each 64 KB, the client would be slower than the server.
 */
async function bodyBytes(url: string, range?: string): Promise<number> {
  const { host, port, pathname, search } = new URL(url);
  const connection = await Connection.open(Number(port));
  try {
    const head = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n${range ? `Range: ${range}\r\n` : ""}\r\n`;
    let bytes = 0;
    const { status } = await connection.send(head, undefined, (piece) => {
      bytes += piece.length;
    });
    if (status >= 300) throw new Error(`GET ${url.slice(0, 200)}: ${status}`);
    return bytes;
  } finally {
    connection.close();
  }
}

/** The calls that begin and end a multipart upload. */
export interface PartTarget {
  create(count: number): Promise<readonly string[]>;
  complete(etags: readonly string[]): Promise<void>;
}

export async function putByParts({ create, complete }: PartTarget, bytes: number): Promise<void> {
  const pieces = [...parts(bytes)];
  const urls = await create(pieces.length);
  const etags: string[] = [];
  await eachAtOnce(pieces, async (piece, i) => {
    etags[i] = (await send("PUT", urls[i] ?? "", piece)).etag;
  });
  await complete(etags);
}

/** The multipart upload of MLflow's REST API. */
export function mlflowParts(base: string, folder: string, name: string): PartTarget {
  let uploadId = "";
  const post = (verb: string, message: object) =>
    send("POST", `${base}/api/2.0/mlflow-artifacts/mpu/${verb}/${folder}`, JSON.stringify({ path: name, ...message }), {
      "Content-Type": "application/json",
    });
  return {
    async create(count) {
      const begun = JSON.parse((await post("create", { num_parts: count })).body);
      uploadId = begun.upload_id;
      return begun.credentials.map(({ url }: { url: string }) => url);
    },
    async complete(etags) {
      const named = etags.map((etag, i) => ({ part_number: i + 1, etag, url: "" }));
      await post("complete", { upload_id: uploadId, parts: named });
    },
  };
}

/** Ranges of a presigned URL, several at once. */
export async function getByRanges(url: string, bytes: number): Promise<void> {
  const starts = Array.from({ length: Math.ceil(bytes / RANGE_BYTES) }, (_, i) => i * RANGE_BYTES);
  let received = 0;
  await eachAtOnce(starts, async (start) => {
    const end = Math.min(bytes, start + RANGE_BYTES) - 1;
    // Not one statement: the sum would be read before the wait.
    const length = await bodyBytes(url, `bytes=${start}-${end}`);
    received += length;
  });
  requireBytes(received, bytes);
}

export async function presignedUrl(base: string, path: string): Promise<string> {
  return JSON.parse((await send("GET", `${base}/api/2.0/mlflow-artifacts/presigned/${path}`)).body).url;
}

/** Files of 3 bytes, 16 at once. */
export async function putSmallFiles(urlOf: (i: number) => string, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => i);
  await eachAtOnce(numbers, async (i) => void (await send("PUT", urlOf(i), "abc", {}, shared)), 16);
}

export async function eachAtOnce<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
  atOnce = TRANSFERS_AT_ONCE,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i]!, i);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function requireBytes(received: number, expected: number): void {
  if (received !== expected) throw new Error(`${received} bytes came, not ${expected}`);
}

export const postJson = async (url: string, message: object): Promise<string> =>
  (await send("POST", url, JSON.stringify(message), { "Content-Type": "application/json" })).body;
