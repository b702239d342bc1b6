import { type Agent, request } from "node:http";

/** One request. `target` is sent unchanged. */
export interface HttpCall {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Here a GET may have a body, as old clients send it. `fetch` refuses such a request. */
export function sendHttp(origin: string, agent: Agent, call: HttpCall): Promise<HttpAnswer> {
  const { hostname, port } = new URL(origin);
  const body = call.body === undefined ? undefined : Buffer.from(call.body);
  const headers = { ...call.headers, ...(body !== undefined && { "Content-Length": body.byteLength }) };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { agent, hostname, port, method: call.method, path: call.target, headers },
      async (incoming) => {
        try {
          const chunks: Buffer[] = [];
          for await (const chunk of incoming) chunks.push(chunk as Buffer);
          resolve({
            status: incoming.statusCode ?? 0,
            contentType: incoming.headers["content-type"] ?? "",
            text: Buffer.concat(chunks).toString(),
          });
        } catch (error) {
          reject(error);
        }
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
