import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../user-error.ts";
import { wrangler } from "./wrangler.ts";

/** Cloudflare's API, or what CLOUDFLARE_API_BASE_URL names. wrangler reads the same variable. */
const BASE_URL = process.env.CLOUDFLARE_API_BASE_URL ?? "https://api.cloudflare.com/client/v4";

const HOW_TO_LOG_IN = `Log in by \`npx wrangler login\`. Or make a token at https://dash.cloudflare.com/profile/api-tokens with the permissions
Workers Scripts: Edit, D1: Edit, Workers R2 Storage: Edit and Account Settings: Read, and set CLOUDFLARE_API_TOKEN.`;

/** How often a request is repeated that the platform answered with 429 or 5xx; each is a read, or can be made twice. */
const MAX_REPEATS = 3;
const FIRST_WAIT_MS = 500;

interface Envelope<T> {
  readonly success: boolean;
  readonly result: T;
  readonly errors?: readonly { readonly code: number; readonly message: string }[];
}

/** The platform refused a call. */
export class PlatformRefused extends UserError {
  readonly status: number;
  readonly codes: readonly number[];

  constructor(what: string, status: number, errors: NonNullable<Envelope<unknown>["errors"]>) {
    super(
      `Cloudflare refuses ${what}: ${errors.map(({ code, message }) => `${message} [${code}]`).join("; ") || status}`,
    );
    this.status = status;
    this.codes = errors.map(({ code }) => code);
  }
}

/** An account of Cloudflare, with the credentials that wrangler uses. */
export class CloudflareAccount {
  readonly id: string;
  readonly name: string;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(id: string, name: string, headers: Readonly<Record<string, string>>) {
    this.id = id;
    this.name = name;
    this.#headers = headers;
  }

  /**
   * @param wanted an account's id or name; may be omitted if the credentials are for one account
   * @throws {UserError} that says what to do, if there are no credentials, wrong ones, or no such account
   */
  static async open(wanted: string | undefined): Promise<CloudflareAccount> {
    const headers = await credentials();
    const accounts = await call<readonly { id: string; name: string }[]>(headers, "GET", "/accounts?per_page=50");
    const listed = accounts.map(({ id, name }) => `  ${id}  ${name}`).join("\n");
    const found = accounts.filter(({ id, name }) => wanted === undefined || id === wanted || name === wanted);
    const [account] = found;
    if (account !== undefined && found.length === 1) return new CloudflareAccount(account.id, account.name, headers);
    // A token without the permission Account Settings: Read may not list the account that it is for.
    if (wanted !== undefined && /^[0-9a-f]{32}$/.test(wanted) && accounts.length === 0) {
      return new CloudflareAccount(wanted, wanted, headers);
    }
    if (accounts.length === 0) throw new UserError(`These credentials are for no account.\n${HOW_TO_LOG_IN}`);
    if (wanted === undefined || found.length > 1) {
      throw new UserError(
        `These credentials are for ${accounts.length} accounts. Choose one by --account or CLOUDFLARE_ACCOUNT_ID:\n${listed}`,
      );
    }
    throw new UserError(`These credentials are for no account ${wanted}. They are for:\n${listed}`);
  }

  async get<T>(path: string): Promise<T> {
    return await call<T>(this.#headers, "GET", `/accounts/${this.id}${path}`);
  }

  /** @returns undefined if the platform does not have the thing. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof PlatformRefused && error.status === 404) return undefined;
      throw error;
    }
  }

  async post<T>(path: string, body: object): Promise<T> {
    return await call<T>(this.#headers, "POST", `/accounts/${this.id}${path}`, body);
  }
}

/** wrangler's own: from the environment or from `wrangler login`, whose token wrangler renews. */
async function credentials(): Promise<Readonly<Record<string, string>>> {
  const { status, stdout } = await wrangler(["auth", "token", "--json"]);
  if (status !== 0) throw new UserError(`You are not logged in to Cloudflare.\n${HOW_TO_LOG_IN}`);
  const told = JSON.parse(stdout) as { token?: string; key?: string; email?: string };
  return told.token === undefined
    ? { "X-Auth-Key": told.key ?? "", "X-Auth-Email": told.email ?? "" }
    : { Authorization: `Bearer ${told.token}` };
}

async function call<T>(
  headers: Readonly<Record<string, string>>,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<T> {
  const what = `${method} ${path.replace(/\?.*/, "")}`;
  for (let repeats = 0; ; repeats++) {
    let response: Response;
    try {
      const json = body && { body: JSON.stringify(body) };
      response = await fetch(BASE_URL + path, {
        ...{ method, ...json },
        headers: { ...headers, "Content-Type": "application/json" },
      });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new UserError(`${new URL(BASE_URL).host} cannot be reached: ${String(error.cause ?? error)}`);
    }
    if ((response.status === 429 || response.status >= 500) && repeats < MAX_REPEATS) {
      await response.body?.cancel();
      await sleep(FIRST_WAIT_MS * 2 ** repeats);
      continue;
    }
    const text = await response.text();
    const answer = envelopeIn<T>(text);
    if (answer?.success) return answer.result;
    const errors = answer?.errors ?? [{ code: response.status, message: text.slice(0, 200) }];
    const isUnknown = response.status === 401 || response.status === 403 || response.status === 400;
    if (isUnknown && errors.some(({ code }) => CREDENTIAL_CODES.has(code))) {
      throw new UserError(
        `Cloudflare does not accept the credentials for ${what}: ${errors[0]?.message ?? response.status}\n${HOW_TO_LOG_IN}`,
      );
    }
    throw new PlatformRefused(what, response.status, errors);
  }
}

/** Codes of the platform for credentials that are wrong, malformed, or lack a permission. */
const CREDENTIAL_CODES: ReadonlySet<number> = new Set([1000, 6003, 6111, 9103, 9106, 9109, 10000, 10001]);

function envelopeIn<T>(text: string): Envelope<T> | undefined {
  try {
    return JSON.parse(text) as Envelope<T>;
  } catch {
    return undefined;
  }
}
