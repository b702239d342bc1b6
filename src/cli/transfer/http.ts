import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../user-error.ts";

/** The server refused the request: the request is wrong, and nothing changed. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The server refused the credentials, or the caller lacks the right. */
export class NotLetIn extends UserError {}

/** How often a request is repeated that may not have been applied; the waits in between grow to half a minute. */
const MAX_REPEATS = 6;
const FIRST_WAIT_MS = 250;

const REPEATED_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

type Body = NonNullable<RequestInit["body"]>;
type Init = Omit<RequestInit, "body"> & { body?: () => Body | Promise<Body> };

/**
 * A tracking server, reached as MLflow's clients reach one: credentials in the URI, or MLFLOW_TRACKING_USERNAME and
 * _PASSWORD, or MLFLOW_TRACKING_TOKEN.
 */
export class TrackingServer {
  readonly url: string;
  /** Whose credentials are sent; undefined for a token's and for none. */
  readonly username: string | undefined;
  readonly #authorization: string | undefined;
  /** `waited for`: the server has answered before, and does not now. */
  #state: "new" | "there" | "waited for" = "new";

  /** @throws {UserError} unless `uri` is an http or https URL. */
  constructor(uri: string, environment: NodeJS.ProcessEnv) {
    const url = URL.canParse(uri) ? new URL(uri) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new UserError(`${uri} is no address of a tracking server. Give one such as http://127.0.0.1:5000.`);
    }
    this.#authorization = authorizationOf(url, environment);
    this.username = usernameOf(this.#authorization);
    url.username = "";
    url.password = "";
    this.url = url.href.replace(/\/+$/, "");
  }

  /** @returns the answer's JSON, with integers beyond 2^53 as bigint. */
  async get<T>(path: string, query: Readonly<Record<string, string | readonly string[]>> = {}): Promise<T> {
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
    ).toString();
    const response = await this.fetch(search === "" ? path : `${path}?${search}`);
    return parseExactly(await response.text()) as T;
  }

  /** Posts JSON that is already text. */
  async post<T>(path: string, body: string): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    const response = await this.fetch(path, { method: "POST", headers, body: () => body });
    return parseExactly(await response.text()) as T;
  }

  /**
   * Sends a request that is safe to repeat. Repeats it after a lost connection, and after a status that may be temporary. A
   * server that has never answered is not waited for: its address may be wrong.
   * @param init its `body` is called again for each repeat.
   * @throws {Refused} for another 4xx.
   * @throws {UserError} if the server cannot be reached, or refuses the credentials.
   */
  async fetch(path: string, init: Init = {}): Promise<Response> {
    for (let repeats = 0; ; repeats++) {
      const outcome = await this.#try(path, init);
      if (outcome instanceof Response) {
        this.#state = "there";
        if (outcome.ok) return outcome;
        if (!REPEATED_STATUSES.has(outcome.status) || repeats === MAX_REPEATS) throw await this.#errorOf(outcome, path);
        await outcome.body?.cancel();
      } else {
        const missed = `${this.url} cannot be reached: ${reasonOf(outcome)}`;
        if (this.#state === "new" || repeats === MAX_REPEATS) throw new UserError(missed);
        // One line, however many requests wait. The first repeat tells nothing: servers close connections that are idle.
        if (this.#state === "there" && repeats > 0) {
          console.error(`${missed}\nWaiting for it …`);
          this.#state = "waited for";
        }
      }
      await sleep(FIRST_WAIT_MS * 2 ** repeats);
    }
  }

  async #try(path: string, { body, ...init }: Init): Promise<Response | Error> {
    const headers = new Headers(init.headers);
    if (this.#authorization !== undefined) headers.set("Authorization", this.#authorization);
    const made = await body?.();
    const stream = made instanceof ReadableStream ? { duplex: "half" as const } : {};
    try {
      return await fetch(this.url + path, { ...init, ...stream, headers, ...(made !== undefined && { body: made }) });
    } catch (error) {
      if (error instanceof TypeError) return error;
      throw error;
    }
  }

  async #errorOf(response: Response, path: string): Promise<Error> {
    const text = await response.text();
    const message = messageIn(text) ?? `${response.status} ${text.slice(0, 300)}`;
    if (response.status === 401 || response.status === 403) {
      // The message of a server here ends with the same advice.
      const refusal = message.replace(/ Set MLFLOW_TRACKING_USERNAME .*/, "");
      return new NotLetIn(
        `${this.url} does not let you in: ${refusal}\nSet MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of an admin.`,
      );
    }
    if (response.status >= 500) return new UserError(`${this.url}${path} fails: ${message}`);
    return new Refused(response.status, message);
  }
}

function authorizationOf(url: URL, environment: NodeJS.ProcessEnv): string | undefined {
  const {
    MLFLOW_TRACKING_USERNAME: name,
    MLFLOW_TRACKING_PASSWORD: password,
    MLFLOW_TRACKING_TOKEN: token,
  } = environment;
  const basic = (user: string, secret: string) => `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
  if (url.username !== "") return basic(decodeURIComponent(url.username), decodeURIComponent(url.password));
  if (name && password) return basic(name, password);
  return token ? `Bearer ${token}` : undefined;
}

function usernameOf(authorization: string | undefined): string | undefined {
  const [, basic] = /^Basic (.*)$/.exec(authorization ?? "") ?? [];
  return basic === undefined ? undefined : Buffer.from(basic, "base64").toString().split(":")[0];
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}

/** JSON with integers beyond 2^53 as bigint; a bare NaN or Infinity, which MLflow writes into some answers, as text. */
export function parseExactly(text: string): unknown {
  if (text === "") return {};
  const isPlain = !/(?<![.\d])\d{16}/.test(text);
  try {
    if (isPlain) return JSON.parse(text);
  } catch {
    // Read below, with what is no JSON made to be some.
  }
  return JSON.parse(
    text.replaceAll(/(?<=[:[,]\s*)(NaN|-?Infinity)(?=\s*[,\]}])/g, '"$1"'),
    (_name, value: unknown, context?: { source?: string }) => {
      const source = context?.source ?? "";
      return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
        ? BigInt(source)
        : value;
    },
  );
}
