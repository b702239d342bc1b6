import { connect, type Socket } from "node:net";
import { type Answer, type BodySink, ResponseParser } from "./response-parser.ts";

/** The slowest peer needs a minute for its slowest answer. A longer request is considered to hang. */
const ANSWER_TIMEOUT_MS = 240_000;

const READ_BUFFER_BYTES = 256 * 1024;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One keep-alive connection to a server on this machine, with one request at a time. Servers close a connection that is idle
 * for a few seconds, so open a new one after a pause.
 */
export class Connection {
  readonly port: number;
  /** Sent with every request of the functions in mlflow-api.ts; empty for a server that asks for no credentials. */
  readonly authorization: string;
  readonly #socket: Socket;
  readonly #parser = new ResponseParser();
  #waiting: Waiting | undefined;

  /** @param timeoutMs the time after which a request without an answer fails */
  static async open(port: number, authorization = "", timeoutMs: number = ANSWER_TIMEOUT_MS): Promise<Connection> {
    const connection = new Connection(port, authorization, timeoutMs);
    await new Promise<void>((resolve, reject) => {
      connection.#socket.once("connect", resolve).once("error", reject);
    });
    return connection;
  }

  private constructor(port: number, authorization: string, timeoutMs: number) {
    this.port = port;
    this.authorization = authorization;
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
      callback: (length: number, buffer: Uint8Array) => this.#read(buffer, length),
    };
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true, onread });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.setTimeout(timeoutMs, () => this.#fail(new Error(`no answer within ${timeoutMs} ms`)));
    this.#socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  /**
   * Sends a rendered request (see `render`). The optional body is separate, so that a large body is not copied.
   * @throws if the connection breaks before the answer is complete
   */
  send(request: string | Buffer, body?: Buffer, sink?: BodySink): Promise<Answer> {
    if (this.#socket.destroyed) return Promise.reject(new Error("the connection is closed"));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#parser.sink = sink;
      if (typeof request === "string") this.#socket.write(request, "latin1");
      else this.#socket.write(request);
      if (body) this.#socket.write(body);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #read(buffer: Uint8Array, length: number): boolean {
    try {
      const answer = this.#parser.push(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      if (answer) {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        waiting?.resolve(answer);
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

/** Opens a connection for a sequence of requests, and closes it. */
export async function withConnection<T>(
  port: number,
  work: (connection: Connection) => Promise<T>,
  authorization = "",
): Promise<T> {
  const connection = await Connection.open(port, authorization);
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

/** A request's head; the body of `contentLength` bytes follows it. */
export function renderHead(
  method: string,
  path: string,
  port: number,
  contentLength?: number,
  authorization = "",
): string {
  const body =
    contentLength === undefined ? "" : `Content-Type: application/json\r\nContent-Length: ${contentLength}\r\n`;
  const caller = authorization === "" ? "" : `Authorization: ${authorization}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${caller}${body}\r\n`;
}

/** A whole request; `body` is ASCII. */
export function render(method: string, path: string, port: number, body?: string, authorization = ""): string {
  return renderHead(method, path, port, body?.length, authorization) + (body ?? "");
}
