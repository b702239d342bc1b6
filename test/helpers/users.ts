import { expect } from "vitest";
import { fetchWorker, type Message, type Method } from "./mlflow.ts";

const ADMIN_PASSWORD = "the admin's own secret";
/** Of every user that tests make. */
export const PASSWORD = "correct horse battery";

export interface Caller {
  /** Sends one message: in the query of a GET, else as JSON. */
  readonly send: (method: Method | "PUT", path: string, message?: Message) => Promise<Response>;
  /** The answer to a request for a socket that tells a run's points. */
  readonly watch: (runId: string) => Promise<Response>;
  /** The answer to a message that must succeed. */
  readonly ask: <T = Message>(method: Method, path: string, message?: Message) => Promise<T>;
}

/** A server that asks for credentials. */
export function closedServer(settings: Partial<Record<"TRACKFLARE_DEFAULT_PERMISSION", string>> = {}) {
  const env = { ...settings, TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD } as unknown as Partial<Env>;
  const as = (username: string, password = PASSWORD): Caller => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
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
  const admin = as("admin", ADMIN_PASSWORD);
  return {
    as,
    admin,
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
