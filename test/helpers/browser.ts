import { expect } from "vitest";
import { fetchWorker, type Message, type Method } from "./mlflow.ts";
import { type closedServer, PASSWORD } from "./users.ts";

/** A browser that shows this server's page, over TLS by default. */
export class TestBrowser {
  readonly origin: string;
  readonly #env: Partial<Env>;
  /** The browser's cookies, by name. */
  readonly cookies = new Map<string, string>();

  constructor(server: Pick<ReturnType<typeof closedServer>, "env">, origin = "https://tracking.example") {
    this.origin = origin;
    this.#env = server.env;
  }

  /** Sends a request as the page does. `headers` replace the page's headers; undefined leaves a header out. */
  async send(
    method: Method | "PUT" | "HEAD",
    path: string,
    message?: Message | string,
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Response> {
    const isRead = method === "GET" || method === "HEAD";
    const isSecure = /^https:|\/\/localhost/.test(this.origin);
    const all = {
      Cookie: [...this.cookies].map((pair) => pair.join("=")).join("; ") || undefined,
      ...(isSecure && { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" }),
      ...(!isRead && { Origin: this.origin, "X-Trackflare-Page": "1", "Content-Type": "application/json" }),
      Referer: `${this.origin}/`,
      ...headers,
    };
    const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const response = await fetchWorker(
      `${this.origin}${path}`,
      {
        method,
        headers: Object.fromEntries(given),
        redirect: "manual",
        ...(!isRead && { body: typeof message === "string" ? message : JSON.stringify(message ?? {}) }),
      },
      this.#env,
    );
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = "", rest = ""] = /^([^=]+)=([^;]*)(.*)$/.exec(cookie) ?? [];
      if (/Max-Age=0\b/.test(rest)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async ask<T = Message>(method: Method, path: string, message?: Message): Promise<T> {
    const response = await this.send(method, path, message);
    const text = await response.text();
    expect(response.status, `${path} ${text}`).toBe(200);
    return JSON.parse(text) as T;
  }

  async signIn(username: string, password = PASSWORD): Promise<this> {
    await this.ask("POST", "/ui-api/session", { username, password });
    return this;
  }

  /** The name of the user that the server recognizes; undefined for nobody. */
  async username(): Promise<string | undefined> {
    const { user } = await this.ask<{ user: { username: string } | null }>("GET", "/ui-api/session");
    return user?.username;
  }
}
