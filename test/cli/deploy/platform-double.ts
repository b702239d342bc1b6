import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

/** A Worker, as the double stores it. */
export interface DoubleWorker {
  /** Names of bindings, variables and secrets, with their types. */
  bindings: Record<string, string>;
  secrets: Record<string, string>;
  versions: { id: string; tag: string | undefined }[];
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

class Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;

  constructor(status: number, code: number, message: string) {
    this.status = status;
    this.code = code;
    this.message = message;
  }
}

/**
 * A double of the parts of Cloudflare's API that a deployment uses, on loopback. It has state: databases are SQLite in
 * memory. Its rules come from the platform's documentation and from wrangler's requests. So a test proves what this command
 * and wrangler send, and not what the platform answers.
 */
export class PlatformDouble {
  readonly token = "double-token-0123456789";
  accounts = [{ id: "0123456789abcdef0123456789abcdef", name: "Double" }];
  subdomain: string | undefined = "double";
  isR2On = true;
  readonly databases = new Map<string, { name: string; uuid: string; sql: DatabaseSync }>();
  readonly buckets = new Set<string>();
  readonly workers = new Map<string, DoubleWorker>();
  /** The calls that change something, in order. */
  readonly changes: string[] = [];
  /** The calls for which the double has no answer. */
  readonly unknown: string[] = [];
  /** Answers the first change that begins with this text with this status, once. */
  failsOnce: { readonly change: string; readonly status: number } | undefined;
  readonly #server = createServer((request, response) => {
    this.#answer(request).then(
      ({ status, body }) => {
        response.writeHead(status, { "Content-Type": "application/json" });
        response.end(JSON.stringify(body));
      },
      // The caller broke off.
      () => response.destroy(),
    );
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/client/v4`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve).closeAllConnections());
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "/", "http://double");
    const path = url.pathname.replace("/client/v4", "");
    const method = request.method ?? "GET";
    const call = { method, path, query: url.searchParams, request, body: Buffer.concat(chunks) };
    try {
      const result = this.#route(call);
      return {
        status: 200,
        body: {
          success: true,
          result,
          errors: [],
          messages: [],
          result_info: { count: 1, page: 1, per_page: 100, total_count: 1 },
        },
      };
    } catch (error) {
      const { status, code, message } = error instanceof Refusal ? error : new Refusal(500, 1, String(error));
      return { status, body: { success: false, result: null, errors: [{ code, message }], messages: [] } };
    }
  }

  #route(call: Call): unknown {
    const { method, path, request } = call;
    const isAssetUpload = path.endsWith("/workers/assets/upload");
    if (!isAssetUpload && request.headers.authorization !== `Bearer ${this.token}`)
      throw new Refusal(403, 10000, "Authentication error");
    if (method === "GET" && path === "/accounts") return this.accounts;
    if (path === "/user") return { id: "user", email: "ada@example.com" };
    if (path === "/memberships") return this.accounts.map((account) => ({ account, roles: [] }));
    if (path === "/user/tokens/verify") return { id: "token", status: "active" };
    const account = this.accounts.find(({ id }) => path.startsWith(`/accounts/${id}/`));
    if (account === undefined) throw this.#unknownCall(call);
    const rest = path.slice(`/accounts/${account.id}`.length);
    if (rest === "/d1/database") return method === "GET" ? this.#listDatabases(call) : this.#makeDatabase(call);
    if (rest.startsWith("/d1/database/")) return this.#database(call, rest.split("/")[3]!, rest.split("/")[4]);
    if (rest.startsWith("/r2/buckets")) return this.#bucket(call, rest.split("/")[3]);
    if (rest === "/workers/subdomain") {
      if (this.subdomain === undefined) throw new Refusal(404, 10007, "You do not have a workers.dev subdomain.");
      return { subdomain: this.subdomain };
    }
    if (isAssetUpload) return { jwt: "uploaded" };
    if (rest === "/workers/scripts") return [...this.workers.keys()].map((id) => ({ id, migration_tag: "v3" }));
    const [, , kind, name = "", ...below] = rest.split("/");
    if (rest.startsWith("/workers/") && (kind === "scripts" || kind === "services"))
      return this.#worker(call, name, below.join("/"));
    throw this.#unknownCall(call);
  }

  #unknownCall({ method, path }: Call): Refusal {
    this.unknown.push(`${method} ${path}`);
    return new Refusal(404, 7003, `Could not route to ${path}`);
  }

  #change(what: string): void {
    if (this.failsOnce !== undefined && what.startsWith(this.failsOnce.change)) {
      const { status } = this.failsOnce;
      this.failsOnce = undefined;
      throw new Refusal(status, 10001, `the double fails at ${what}`);
    }
    this.changes.push(what);
  }

  #listDatabases({ query }: Call): unknown {
    const all = [...this.databases.values()].map(({ name, uuid }) => ({ name, uuid }));
    return all.filter(({ name }) => name.includes(query.get("name") ?? ""));
  }

  #makeDatabase({ body }: Call): unknown {
    const { name } = JSON.parse(body.toString()) as { name: string };
    this.#change(`makes database ${name}`);
    const uuid = randomUUID();
    this.databases.set(uuid, { name, uuid, sql: new DatabaseSync(":memory:") });
    return { name, uuid };
  }

  #database(call: Call, uuid: string, below: string | undefined): unknown {
    const database = this.databases.get(uuid) ?? [...this.databases.values()].find(({ name }) => name === uuid);
    if (database === undefined) throw new Refusal(404, 7404, "The database was not found");
    if (below === undefined)
      return { name: database.name, uuid: database.uuid, version: "production", num_tables: 0, file_size: 0 };
    if (below !== "query" && below !== "raw") throw this.#unknownCall(call);
    const { sql, params = [] } = JSON.parse(call.body.toString()) as { sql: string; params?: string[] };
    const isRead = /^\s*(SELECT|PRAGMA)/i.test(sql);
    if (!isRead) this.#change(`writes to database: ${sql.trim().slice(0, 60).replaceAll(/\s+/g, " ")}`);
    if (isRead) return [{ success: true, results: database.sql.prepare(sql).all(...params), meta: {} }];
    database.sql.exec(sql);
    return [{ success: true, results: [], meta: { duration: 0 } }];
  }

  #bucket({ method, body }: Call, name: string | undefined): unknown {
    if (!this.isR2On) throw new Refusal(403, 10042, "Please enable R2 through the Cloudflare Dashboard.");
    if (method === "POST") {
      const { name: made } = JSON.parse(body.toString()) as { name: string };
      this.#change(`makes bucket ${made}`);
      this.buckets.add(made);
      return { name: made };
    }
    if (name === undefined) return { buckets: [...this.buckets].map((one) => ({ name: one })) };
    if (!this.buckets.has(name)) throw new Refusal(404, 10006, "The specified bucket does not exist.");
    return { name };
  }

  #worker(call: Call, name: string, below: string): unknown {
    const { method } = call;
    const worker = this.workers.get(name);
    if (below === "assets-upload-session") return { jwt: "session", buckets: [] };
    // A new Worker by one call; a further version by one call, and its deployment by another.
    if ((method === "PUT" && below === "") || (method === "POST" && below === "versions"))
      return this.#upload(call, name);
    if (worker === undefined) throw new Refusal(404, 10007, "This Worker does not exist on your account.");
    const bindings = Object.entries(worker.bindings).map(([binding, type]) => ({ name: binding, type }));
    switch (`${method} ${below.replace(/versions\/.+/, "versions/id")}`) {
      case "GET ":
        return {
          id: name,
          default_environment: { environment: "production", script: { last_deployed_from: "wrangler", tag: "" } },
        };
      case "GET secrets":
        return Object.keys(worker.secrets).map((secret) => ({ name: secret, type: "secret_text" }));
      case "GET bindings":
      case "GET settings":
        return below === "bindings" ? bindings : { bindings, migration_tag: "v3" };
      case "GET environments/production/settings":
      case "GET environments/production/bindings":
        return below.endsWith("bindings") ? bindings : { bindings };
      case "GET deployments":
        return {
          deployments: [
            { id: "d", source: "wrangler", versions: [{ version_id: worker.versions.at(-1)!.id, percentage: 100 }] },
          ],
        };
      case "GET versions/id": {
        const version = worker.versions.find(({ id }) => below.endsWith(id));
        return { id: version?.id, metadata: {}, annotations: { "workers/tag": version?.tag }, resources: { bindings } };
      }
      case "GET subdomain":
      case "POST subdomain":
        return { enabled: true, previews_enabled: false };
      case "POST deployments": {
        const { versions } = JSON.parse(call.body.toString()) as { versions: { version_id: string }[] };
        this.#change(`deploys ${name}`);
        const deployed = worker.versions.findIndex(({ id }) => id === versions[0]?.version_id);
        worker.versions.push(...worker.versions.splice(deployed, 1));
        return { id: "d" };
      }
      case "PATCH script-settings":
        return {};
      case "GET schedules":
        return { schedules: [] };
      case "PUT schedules":
        return { schedules: JSON.parse(call.body.toString()) as unknown };
    }
    throw this.#unknownCall(call);
  }

  /** A multipart form: `metadata` is JSON, the rest are modules. */
  #upload(call: Call, name: string): unknown {
    const { body, request } = call;
    const boundary = /boundary=(.+)$/.exec(request.headers["content-type"] ?? "")?.[1] ?? "";
    const parts = body.toString("latin1").split(`--${boundary}`);
    const part = parts.find((one) => one.includes('name="metadata"')) ?? "";
    const metadata = JSON.parse(
      Buffer.from(part.slice(part.indexOf("\r\n\r\n") + 4).trimEnd(), "latin1").toString(),
    ) as {
      bindings: { name: string; type: string; text?: string }[];
      keep_bindings?: string[];
      annotations?: Record<string, string>;
    };
    this.#change(`uploads ${name}`);
    const before = this.workers.get(name) ?? { bindings: {}, secrets: {}, versions: [] };
    const secrets = { ...before.secrets };
    const kept = Object.entries(before.bindings).filter(([, type]) => metadata.keep_bindings?.includes(type));
    for (const { name: secret, type, text = "" } of metadata.bindings)
      if (type === "secret_text") secrets[secret] = text;
    const id = randomUUID();
    this.workers.set(name, {
      bindings: Object.fromEntries([...kept, ...metadata.bindings.map((one) => [one.name, one.type] as const)]),
      secrets,
      versions: [...before.versions, { id, tag: metadata.annotations?.["workers/tag"] }],
    });
    return {
      id: call.path.endsWith("/versions") ? id : name,
      deployment_id: id,
      metadata: {},
      resources: { script: { etag: "e", handlers: ["fetch"] } },
      etag: "e",
      startup_time_ms: 20,
      entry_point: "index.js",
      available_on_subdomain: true,
    };
  }
}
