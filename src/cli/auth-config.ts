import { readFileSync } from "node:fs";
import { UserError } from "./user-error.ts";

/* The settings of MLflow's basic-auth app: its ini file (MLFLOW_AUTH_CONFIG_PATH) and its two variables. */

/** The function that MLflow's own file names; another one would be Python code. */
const BASIC_AUTH = "mlflow.server.auth:authenticate_request_basic_auth";

/** The keys that count, by this server's variable for each. */
const HONOURED: Readonly<Record<string, string>> = {
  admin_username: "TRACKFLARE_ADMIN_USERNAME",
  admin_password: "TRACKFLARE_ADMIN_PASSWORD",
  default_permission: "TRACKFLARE_DEFAULT_PERMISSION",
};

/**
 * The variables of `environment`, completed by MLflow's. This server's own variables take precedence, then
 * MLFLOW_AUTH_ADMIN_*, then the file.
 * @returns `ignored`: the file's keys that have no effect here
 * @throws {UserError} for a file that cannot be read, or a file whose login is another one
 */
export function withMlflowAuth(environment: NodeJS.ProcessEnv): {
  readonly environment: NodeJS.ProcessEnv;
  readonly ignored: readonly string[];
} {
  const path = environment.MLFLOW_AUTH_CONFIG_PATH;
  const file = path ? readIni(path) : new Map<string, string>();
  const login = file.get("authorization_function");
  if (login !== undefined && login !== BASIC_AUTH) {
    throw new UserError(
      `${path} names the authorization_function ${login}, which is Python code. Single sign-on is in docs/access.md.`,
    );
  }
  const ofFile = Object.entries(HONOURED).map(([key, variable]) => [variable, file.get(key)]);
  const { MLFLOW_AUTH_ADMIN_USERNAME: username, MLFLOW_AUTH_ADMIN_PASSWORD: password } = environment;
  const given = {
    ...setOf(ofFile),
    ...setOf([
      ["TRACKFLARE_ADMIN_USERNAME", username],
      ["TRACKFLARE_ADMIN_PASSWORD", password],
    ]),
  };
  // MLflow's file always has a name of an admin. Without a password, the name is a default and not a choice.
  if (given.TRACKFLARE_ADMIN_PASSWORD === undefined) delete given.TRACKFLARE_ADMIN_USERNAME;
  const ignored = [...file.keys()].filter((key) => !(key in HONOURED) && key !== "authorization_function");
  return { environment: { ...given, ...setOf(Object.entries(environment)) }, ignored };
}

function setOf(entries: readonly (readonly (string | undefined)[])[]): Record<string, string> {
  return Object.fromEntries(entries.flatMap(([name, value]) => (name && value ? [[name, value]] : [])));
}

/** The keys of the section `[mlflow]` of an ini file, as Python's configparser reads them. */
function readIni(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`MLFLOW_AUTH_CONFIG_PATH: ${error instanceof Error ? error.message : String(error)}`);
  }
  const found = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\[(.+)\]\s*$/.exec(line) ?? [];
    const [, key = "", value = ""] = /^([^#;=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) section = name;
    else if (section === "mlflow" && key !== "") found.set(key.toLowerCase(), value);
  }
  return found;
}
