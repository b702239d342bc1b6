import { connect } from "node:net";

export interface RawResponse {
  readonly status: number;
  /** The headers, with names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * Sends a request whose target reaches the server unchanged. HTTP clients resolve `%2e%2e`, `\` and more before they send, so
 * they cannot attack paths.
 * @param options.from the local address that the connection comes from, where this machine has several
 */
export function rawRequest(
  serverUrl: string,
  method: string,
  target: string,
  options: { readonly headers?: readonly string[]; readonly body?: string; readonly from?: string } = {},
): Promise<RawResponse> {
  const { hostname, port, host } = new URL(serverUrl);
  const body = options.body ?? "";
  const headers = options.headers ?? (body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]);
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...headers, "", ""].join("\r\n");
  return exchange({ hostname, port: Number(port), from: options.from }, head + body, method === "HEAD");
}

/** Sends lines unchanged. Adds the blank line that ends a head, unless the lines contain one. */
export function sendRaw(serverUrl: string, lines: readonly string[]): Promise<RawResponse> {
  const { hostname, port } = new URL(serverUrl);
  const text = lines.includes("") ? lines.join("\r\n") : [...lines, "", ""].join("\r\n");
  return exchange({ hostname, port: Number(port) }, text, false);
}

interface Way {
  readonly hostname: string;
  readonly port: number;
  readonly from?: string | undefined;
}

/** Resolves with the first complete response, because workerd keeps a connection open even if asked to close it. */
function exchange({ hostname, port, from }: Way, bytes: string, isHead: boolean): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, ...(from !== undefined && { localAddress: from }) });
    let received = Buffer.alloc(0);
    const settle = (isEnd: boolean) => {
      const response = parseResponse(received, isEnd, isHead);
      if (response) resolve(response);
      else if (isEnd) reject(new Error(`The connection ended after: ${received}`));
      if (response) socket.destroy();
    };
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      settle(false);
    });
    socket.on("error", reject);
    socket.on("close", () => settle(true));
    socket.setTimeout(20_000, () => socket.destroy());
    socket.write(bytes);
  });
}

function parseResponse(bytes: Buffer, isEnd: boolean, isHead: boolean): RawResponse | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [statusLine = "", ...lines] = bytes.toString("utf8", 0, headEnd).split("\r\n");
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = bytes.subarray(headEnd + 4);
  if (isHead) return { status: Number(statusLine.split(" ")[1]), headers, body: body.toString() };
  const length = Number(headers.get("content-length") ?? Number.POSITIVE_INFINITY);
  if (body.length < length && !isEnd) return undefined;
  return { status: Number(statusLine.split(" ")[1]), headers, body: body.toString() };
}
