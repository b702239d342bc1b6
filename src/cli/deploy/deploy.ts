import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { counted } from "../counted.ts";
import { ROOT, sourceHash } from "../source-build.ts";
import { UI_BUILD } from "../ui-bundle.ts";
import { UserError } from "../user-error.ts";
import { WORKER_BUILD } from "../worker-bundle.ts";
import { CloudflareAccount, PlatformRefused } from "./account.ts";
import { configName, configText, writeConfig, writtenConfig } from "./config.ts";
import { wrangler } from "./wrangler.ts";

export interface DeployFlags {
  readonly name: string;
  readonly account?: string;
  readonly location?: string;
  readonly plan: "free" | "paid";
  readonly dryRun?: boolean;
  readonly newToken?: boolean;
}

/** One step of a deployment, as it was found and as it is now. */
export interface Step {
  readonly title: string;
  /** "there": nothing was to be done. "missing": a dry run found that something is. */
  readonly state: "there" | "done" | "missing";
  readonly note: string;
}

export interface DeployResult {
  readonly steps: readonly Step[];
  /** Undefined after a dry run before the first deployment. */
  readonly url: string | undefined;
  /** The admin's token, if this run made it. It is stored nowhere but at the platform, which never shows it again. */
  readonly token: string | undefined;
}

const ADMIN_SECRETS = ["TRACKFLARE_ADMIN_TOKEN", "TRACKFLARE_ADMIN_PASSWORD"];

/** Stands for the id of a database that a dry run does not make. */
const NO_DATABASE = "00000000-0000-0000-0000-000000000000";

/** The platform's code for R2 in an account that has not turned it on. */
const R2_IS_OFF = 10042;

/**
 * Brings an account of Cloudflare to the state of this clone, step by step. A step that finds its work done does nothing, so
 * a run after an interruption goes on, and a second run changes nothing.
 * @param onStep called after each step
 * @throws {UserError} that says what to do
 */
export async function deploy(flags: DeployFlags, onStep: (step: Step) => void): Promise<DeployResult> {
  if (!existsSync(join(ROOT, "src"))) {
    throw new UserError("Deploy from a clone of the repository: the installed package has no wrangler.");
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$/.test(flags.name)) {
    throw new UserError(`${flags.name} is no name of a Worker: use a-z, 0-9 and -, at most 54 characters.`);
  }
  const account = await CloudflareAccount.open(flags.account || undefined);
  return await new Deploying(account, flags, onStep).run();
}

class Deploying {
  readonly #account: CloudflareAccount;
  readonly #flags: DeployFlags;
  readonly #onStep: (step: Step) => void;
  readonly #steps: Step[] = [];

  constructor(account: CloudflareAccount, flags: DeployFlags, onStep: (step: Step) => void) {
    this.#account = account;
    this.#flags = flags;
    this.#onStep = onStep;
  }

  async run(): Promise<DeployResult> {
    this.#add("account", "there", `${this.#account.name} (${this.#account.id})`);
    const databaseId = await this.#database();
    const bucket = await this.#bucket();
    const { name, plan } = this.#flags;
    const config = configText({ accountId: this.#account.id, name, databaseId, bucket, plan });
    await this.#config(config);
    await this.#schema(databaseId);
    return { steps: this.#steps, ...(await this.#worker(config)) };
  }

  #add(title: string, state: Step["state"], note: string): void {
    const step = { title, state, note };
    this.#steps.push(step);
    this.#onStep(step);
  }

  /** Notes that a thing exists, or creates it; a dry run notes that a real run would create it. */
  async #ensure<T>(
    title: string,
    found: { value: T; note: string } | undefined,
    missing: string,
    make: () => Promise<{ value: T; note: string }>,
    without: T,
  ): Promise<T> {
    if (found === undefined && this.#flags.dryRun) {
      this.#add(title, "missing", missing);
      return without;
    }
    const is = found ?? (await make());
    this.#add(title, found === undefined ? "done" : "there", is.note);
    return is.value;
  }

  async #database(): Promise<string> {
    const { name, location } = this.#flags;
    type Database = { readonly name: string; readonly uuid: string };
    const told = ({ uuid }: Database) => ({ value: uuid, note: `D1 database ${name}, ${uuid}` });
    const listed = await this.#account.get<readonly Database[]>(`/d1/database?name=${name}&per_page=100`);
    const found = listed.find((one) => one.name === name);
    return await this.#ensure(
      "database",
      found && told(found),
      `makes the D1 database ${name}`,
      async () => {
        const hint = location === undefined ? {} : { primary_location_hint: location };
        return told(await this.#account.post<Database>("/d1/database", { name, ...hint }));
      },
      NO_DATABASE,
    );
  }

  async #bucket(): Promise<string> {
    const { location } = this.#flags;
    const name = `${this.#flags.name}-artifacts`;
    const told = { value: name, note: `R2 bucket ${name}` };
    try {
      const found = await this.#account.find<object>(`/r2/buckets/${name}`);
      return await this.#ensure(
        "bucket",
        found && told,
        `makes the R2 bucket ${name}`,
        async () => {
          await this.#account.post("/r2/buckets", { name, ...(location !== undefined && { locationHint: location }) });
          return told;
        },
        name,
      );
    } catch (error) {
      if (!(error instanceof PlatformRefused) || !error.codes.includes(R2_IS_OFF)) throw error;
      throw new UserError(
        `R2 is not turned on in this account. Turn it on at https://dash.cloudflare.com/${this.#account.id}/r2 (it asks for a payment method; 10 GB are free), and start this again.`,
      );
    }
  }

  async #config(text: string): Promise<void> {
    const file = configName(this.#flags);
    const told = { value: undefined, note: file };
    const found = writtenConfig(file) === text ? told : undefined;
    await this.#ensure(
      "configuration",
      found,
      `writes ${file}`,
      async () => {
        writeConfig(file, text);
        return told;
      },
      undefined,
    );
  }

  async #schema(databaseId: string): Promise<void> {
    const all = readdirSync(join(ROOT, "migrations")).filter((name) => name.endsWith(".sql"));
    const applied = databaseId === NO_DATABASE ? new Set() : await this.#appliedMigrations(databaseId);
    const missing = all.filter((name) => !applied.has(name));
    const told = { value: undefined, note: `${counted(all.length, "migration")} applied` };
    await this.#ensure(
      "schema",
      missing.length === 0 ? told : undefined,
      `applies ${counted(missing.length, "migration")}`,
      async () => {
        await this.#wrangler(["d1", "migrations", "apply", "DB", "--remote"]);
        return told;
      },
      undefined,
    );
  }

  async #appliedMigrations(databaseId: string): Promise<Set<string>> {
    type Answer = readonly { readonly results: readonly { readonly name: string }[] }[];
    const ask = async (sql: string) => {
      const [answer] = await this.#account.post<Answer>(`/d1/database/${databaseId}/query`, { sql });
      return new Set(answer?.results.map(({ name }) => name));
    };
    const tables = await ask("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'd1_migrations'");
    return tables.size === 0 ? tables : await ask("SELECT name FROM d1_migrations");
  }

  /** The Worker with its UI and secrets. Its version is tagged with a digest of everything that it was made of. */
  async #worker(config: string): Promise<Pick<DeployResult, "url" | "token">> {
    const { name, newToken } = this.#flags;
    const digest = createHash("sha256").update(sourceHash(WORKER_BUILD)).update(sourceHash(UI_BUILD)).update(config);
    const tag = digest.digest("hex").slice(0, 20);
    const secrets = await this.#account.find<readonly { readonly name: string }[]>(`/workers/scripts/${name}/secrets`);
    const hasAdmin = secrets?.some((secret) => ADMIN_SECRETS.includes(secret.name)) === true;
    const token = hasAdmin && newToken !== true ? undefined : randomBytes(32).toString("base64url");
    const isThere = token === undefined && secrets !== undefined && (await this.#deployedTag()) === tag;
    const subdomain = (await this.#account.find<{ subdomain?: string }>("/workers/subdomain"))?.subdomain;
    if (subdomain === undefined) {
      throw new UserError(
        `This account has no workers.dev subdomain yet. Open https://dash.cloudflare.com/${this.#account.id}/workers once, which makes it, and start this again.`,
      );
    }
    const usual = `https://${name}.${subdomain}.workers.dev`;
    const admin = token === undefined ? "keeps the admin's secret" : "makes a new token for the admin";
    const url = await this.#ensure<string | undefined>(
      "worker",
      isThere ? { value: usual, note: `${usual}, version ${tag}` } : undefined,
      `builds and uploads the Worker with its UI, and ${admin}`,
      async () => {
        const deployed = (await this.#upload(tag, token)) ?? usual;
        return { value: deployed, note: `${deployed}, version ${tag}` };
      },
      secrets && usual,
    );
    return { url, token: this.#flags.dryRun ? undefined : token };
  }

  async #deployedTag(): Promise<string | undefined> {
    const scripts = `/workers/scripts/${this.#flags.name}`;
    type Deployments = {
      readonly deployments: readonly { readonly versions: readonly { readonly version_id: string }[] }[];
    };
    const versions = (await this.#account.find<Deployments>(`${scripts}/deployments`))?.deployments[0]?.versions ?? [];
    // Two versions at once: a gradual deployment, which this one ends.
    if (versions.length !== 1) return undefined;
    type Version = { readonly annotations?: Readonly<Record<string, string>> };
    const version = await this.#account.find<Version>(`${scripts}/versions/${versions[0]!.version_id}`);
    return version?.annotations?.["workers/tag"];
  }

  /** @returns the URL that wrangler tells */
  async #upload(tag: string, token: string | undefined): Promise<string | undefined> {
    const folder = mkdtempSync(join(tmpdir(), "trackflare-deploy-"));
    try {
      const secretsFile = join(folder, "secrets.json");
      writeFileSync(secretsFile, JSON.stringify({ TRACKFLARE_ADMIN_TOKEN: token }), { mode: 0o600 });
      const toldFile = join(folder, "told.jsonl");
      // Variables that were set in the dashboard stay.
      const args = [
        "deploy",
        "--keep-vars",
        "--tag",
        tag,
        ...(token === undefined ? [] : ["--secrets-file", secretsFile]),
      ];
      await this.#wrangler(args, { WRANGLER_OUTPUT_FILE_PATH: toldFile });
      return urlIn(readFileSync(toldFile, "utf8"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #wrangler(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
    const { status, output } = await wrangler([...args, "-c", configName(this.#flags)], env);
    if (status === 0) return;
    throw new UserError(
      `wrangler ${args.slice(0, 3).join(" ")} failed; start this again when its reason is gone:\n${output.trim()}`,
    );
  }
}

/** The address of the deployment in the lines that wrangler writes into WRANGLER_OUTPUT_FILE_PATH. */
function urlIn(lines: string): string | undefined {
  for (const line of lines.split("\n").filter(Boolean)) {
    const told = JSON.parse(line) as { type: string; targets?: readonly string[] };
    const target = told.type === "deploy" ? told.targets?.[0] : undefined;
    if (target !== undefined) return /^https?:/.test(target) ? target : `https://${target.replace(/ .*/, "")}`;
  }
  return undefined;
}
