import { expect } from "vitest";
import { fetchWorker, type Message, type Method } from "./mlflow.ts";

export const ADMIN_PASSWORD = "the admin's own secret";
/** The password of every test user. */
export const PASSWORD = "correct horse battery";

export interface Caller {
  /** Sends one message: in the query of a GET, otherwise as JSON. */
  readonly send: (method: Method | "PUT", path: string, message?: Message) => Promise<Response>;
  /** The answer to a request for the socket of a run's points. */
  readonly watch: (runId: string) => Promise<Response>;
  /** The answer to a message that must succeed. */
  readonly ask: <T = Message>(method: Method, path: string, message?: Message) => Promise<T>;
}

/** A server that asks for credentials. */
export function closedServer(settings: Readonly<Record<string, string>> = {}) {
  const env = { TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD, ...settings } as unknown as Partial<Env>;
  const by = (authorization: string): Caller => {
    const send: Caller["send"] = async (method, path, message = {}) => {
      const headers = { Authorization: authorization, "Content-Type": "application/json" };
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(message)) {
        for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
      }
      if (method === "GET") return await fetchWorker(`${path}?${query}`, { headers }, env);
      const body = method === "PUT" ? "bytes" : JSON.stringify(message);
      return await fetchWorker(path, { method, headers, body }, env);
    };
    return {
      send,
      watch: (runId) => {
        const headers = { Authorization: authorization, Upgrade: "websocket" };
        return fetchWorker(`/ui-api/runs/${runId}/live`, { headers }, env);
      },
      ask: async <T>(method: Method, path: string, message?: Message) => {
        const response = await send(method, path, message);
        const text = await response.text();
        expect(response.status, `${path} ${text}`).toBe(200);
        return JSON.parse(text) as T;
      },
    };
  };
  const as = (username: string, password = PASSWORD): Caller =>
    by(`Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`);
  const admin = as("admin", ADMIN_PASSWORD);
  return {
    /** A caller with this value of the header Authorization. */
    by,
    /** The server's settings. */
    env,
    as,
    admin,
    /** A token that an admin makes for a user. */
    newToken: async (username: string, asked: Message = {}): Promise<{ secret: string; token_id: string }> => {
      const { secret, token } = await admin.ask<{ secret: string; token: { token_id: string } }>(
        "POST",
        "/api/2.0/trackflare/tokens/create",
        { username, name: `token ${crypto.randomUUID()}`, scopes: ["read", "write", "artifacts"], ...asked },
      );
      return { secret, token_id: token.token_id };
    },
    newUser: async (): Promise<string> => {
      const username = `user ${crypto.randomUUID()}`;
      await admin.ask("POST", "/api/2.0/mlflow/users/create", { username, password: PASSWORD });
      return username;
    },
    grant: (username: string, resource_type: string, resource_id: string, permission: string) =>
      admin.ask("POST", "/api/3.0/mlflow/users/permissions/grant", {
        username,
        resource_type,
        resource_id,
        permission,
      }),
  };
}
