import { isIPv4 } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";
import { adminSettings } from "../domain/admin-settings.ts";
import { UserError } from "./user-error.ts";

/** What the command line and the environment say, checked. `admin` is undefined while no secret is set. */
export interface ServerSettings {
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Absolute. Everything the server keeps is in here. */
  readonly dataDir: string;
  readonly admin: AdminSecret | undefined;
}

/** The Worker's vars of the same names, as far as the environment sets them. At least one of password and token is. */
export type AdminSecret = z.infer<typeof adminSettings>;

const PORT_RULE = "--port (MLFLOW_PORT) must be a whole number from 0 to 65535";

const Flags = z.object({
  host: z.string().trim().min(1, "--host (MLFLOW_HOST) is empty: give an address such as 127.0.0.1 or 0.0.0.0"),
  port: z
    .string()
    .regex(/^\d+$/, PORT_RULE)
    .transform(Number)
    .refine((port) => port <= 65_535, PORT_RULE),
  dataDir: z.string().min(1, "--data-dir (TRACKFLARE_DATA_DIR) is empty: name a folder, such as ./trackflare-data"),
});

/**
 * Reads the flags of `trackflare server` and the environment, once.
 * @throws {UserError} one line for each wrong value, naming the fix.
 */
export function parseServerSettings(
  flags: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): ServerSettings {
  const parsed = Flags.safeParse(flags);
  if (!parsed.success) throw new UserError(parsed.error.issues.map((issue) => issue.message).join("\n"));
  const { host, port, dataDir } = parsed.data;
  const admin = parseAdmin(environment);
  if (!isLoopback(host) && admin === undefined) {
    throw new UserError(
      `${host} can be reached from other machines, so an admin secret must be set first: ` +
        "TRACKFLARE_ADMIN_PASSWORD (with TRACKFLARE_ADMIN_USERNAME, by default admin) or TRACKFLARE_ADMIN_TOKEN. " +
        "Without one the server listens on 127.0.0.1 only.",
    );
  }
  // A name may stand for two addresses, of which workerd would take one and a client the other.
  return { host: host === "localhost" ? "127.0.0.1" : host, port, dataDir: resolve(dataDir), admin };
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** A variable that is set but empty counts as not set, as it does in a shell's `${NAME:-default}`. */
function parseAdmin(environment: NodeJS.ProcessEnv): AdminSecret | undefined {
  const parsed = adminSettings.safeParse(Object.fromEntries(Object.entries(environment).filter(([, value]) => value)));
  if (!parsed.success) {
    throw new UserError(parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("\n"));
  }
  const admin = parsed.data;
  if (admin.TRACKFLARE_ADMIN_PASSWORD !== undefined || admin.TRACKFLARE_ADMIN_TOKEN !== undefined) return admin;
  if (admin.TRACKFLARE_ADMIN_USERNAME === undefined) return undefined;
  throw new UserError("TRACKFLARE_ADMIN_USERNAME is set without TRACKFLARE_ADMIN_PASSWORD: set both or neither");
}
