import { Option } from "commander";
import { Refused, TrackingServer } from "../transfer/http.ts";
import { UserError } from "../user-error.ts";

export interface ServerFlags {
  readonly trackingUri: string;
}

/** The server that a command talks to. */
export function trackingUriOption(): Option {
  return new Option("--tracking-uri <uri>", "the Trackflare server")
    .env("MLFLOW_TRACKING_URI")
    .default("http://127.0.0.1:5000");
}

export const CREDENTIALS_HELP = `
Credentials are read from the server's URL (http://user:password@host), else from MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.`;

type Message = Readonly<Record<string, unknown>>;

/** The endpoints of a server for users and tokens. */
export class AccessServer {
  readonly #server: TrackingServer;

  constructor({ trackingUri }: ServerFlags) {
    this.#server = new TrackingServer(trackingUri, process.env);
  }

  /** @throws {UserError} with the server's message if the server refuses. */
  async ask<T = Message>(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, message: Message = {}): Promise<T> {
    return await orUserError(async () => {
      if (method === "GET") return await this.#server.get<T>(path, message as Record<string, string>);
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify(message);
      const response = await this.#server.fetch(path, { method, headers, body: () => body });
      return (await response.json()) as T;
    });
  }

  /** The body of an answer as it arrives. @throws {UserError} as {@link ask} */
  async stream(path: string, query: Readonly<Record<string, string>>): Promise<ReadableStream<Uint8Array>> {
    const response = await orUserError(() => this.#server.fetch(`${path}?${new URLSearchParams(query)}`));
    return response.body ?? new ReadableStream();
  }
}

async function orUserError<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof Refused ? new UserError(error.message) : error;
  }
}
