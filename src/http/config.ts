import { z } from "zod";
import { adminSettings } from "../domain/admin-settings.ts";

const settings = adminSettings.extend({
  /** Set by the local command when it listens on loopback and no credentials are configured. */
  TRACKFLARE_LOCAL: z.enum(["0", "1"]).default("0"),
  /** Where artifacts go: the R2 bucket, or the local command's folder. */
  TRACKFLARE_ARTIFACTS: z.enum(["r2", "folder"]).default("r2"),
});

/** Who the admin is, and with which secrets. */
export interface AdminCredentials {
  readonly username: string;
  readonly password: string | undefined;
  readonly token: string | undefined;
}

export interface Config {
  /** Undefined while no secret is set. */
  readonly admin: AdminCredentials | undefined;
  /** Open to local requests without credentials. */
  readonly isOpenLocally: boolean;
  readonly artifactStore: "r2" | "folder";
}

let parsed: { readonly env: Env; readonly config: Config } | undefined;

/**
 * The settings in `env`, parsed once per isolate.
 * @throws Error naming every wrong setting and what it must be.
 */
export function configOf(env: Env): Config {
  if (parsed?.env !== env) parsed = { env, config: parseConfig(env) };
  return parsed.config;
}

function parseConfig(env: Env): Config {
  const result = settings.safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw new Error(`Wrong settings: ${problems.join("; ")}`);
  }
  const { TRACKFLARE_ADMIN_PASSWORD: password, TRACKFLARE_ADMIN_TOKEN: token, ...rest } = result.data;
  const admin =
    password === undefined && token === undefined
      ? undefined
      : { username: rest.TRACKFLARE_ADMIN_USERNAME ?? "admin", password, token };
  return {
    admin,
    isOpenLocally: rest.TRACKFLARE_LOCAL === "1" && admin === undefined,
    artifactStore: rest.TRACKFLARE_ARTIFACTS,
  };
}
