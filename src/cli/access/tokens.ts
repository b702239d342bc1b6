import { AccessServer, type ServerFlags } from "./access-server.ts";
import { secondsOf } from "./durations.ts";
import { tableText, timeText } from "./table-text.ts";

interface WireToken {
  readonly token_id: string;
  readonly name: string;
  readonly username: string;
  readonly scopes: readonly string[];
  readonly experiment_ids?: readonly string[];
  readonly expiration_time?: number;
  readonly last_used_time?: number;
}

const TOKENS = "/api/2.0/trackflare/tokens";

export interface CreateFlags extends ServerFlags {
  readonly user?: string;
  readonly scopes: string;
  readonly experiments?: string;
  readonly expires: string;
}

/** Prints only the secret on stdout, so that a shell can store it for a job. Everything else goes to stderr. */
export async function createToken(name: string, flags: CreateFlags): Promise<void> {
  const answer = await new AccessServer(flags).ask<{ token: WireToken; secret: string }>("POST", `${TOKENS}/create`, {
    name,
    username: flags.user,
    scopes: listOf(flags.scopes),
    experiment_ids: flags.experiments === undefined ? undefined : listOf(flags.experiments),
    expires_in_seconds: expiryOf(flags.expires),
  });
  printSecret(answer);
}

export interface RotateFlags extends ServerFlags {
  readonly overlap?: string;
  readonly expires?: string;
}

export async function rotateToken(tokenId: string, flags: RotateFlags): Promise<void> {
  const answer = await new AccessServer(flags).ask<{ token: WireToken; secret: string }>("POST", `${TOKENS}/rotate`, {
    token_id: tokenId,
    overlap_seconds: flags.overlap === undefined ? undefined : secondsOf("--overlap", flags.overlap),
    expires_in_seconds: flags.expires === undefined ? undefined : expiryOf(flags.expires),
  });
  printSecret(answer);
}

export async function revokeToken(tokenId: string, flags: ServerFlags): Promise<void> {
  await new AccessServer(flags).ask("POST", `${TOKENS}/revoke`, { token_id: tokenId });
  console.error(`Revoked ${tokenId}.`);
}

export async function listTokens(flags: ServerFlags & { readonly user?: string; readonly json?: true }): Promise<void> {
  const query = flags.user === undefined ? {} : { username: flags.user };
  const { tokens } = await new AccessServer(flags).ask<{ tokens: WireToken[] }>("GET", `${TOKENS}/list`, query);
  if (flags.json) console.log(JSON.stringify(tokens, undefined, 2));
  else {
    const rows = tokens.map((token) => [
      token.token_id,
      token.username,
      token.name,
      token.scopes.join(","),
      token.experiment_ids?.join(",") ?? "all",
      timeText(token.expiration_time, "never"),
      timeText(token.last_used_time, "never"),
    ]);
    console.log(tableText(["TOKEN_ID", "USER", "NAME", "SCOPES", "EXPERIMENTS", "EXPIRES", "LAST_USED"], rows));
  }
}

function printSecret({ token, secret }: { readonly token: WireToken; readonly secret: string }): void {
  const until = timeText(token.expiration_time, "it is revoked");
  console.error(`Token ${token.token_id} of ${token.username}, until ${until}. It is shown this once:`);
  console.log(secret);
}

function expiryOf(text: string): number | undefined {
  return text === "never" ? undefined : secondsOf("--expires", text);
}

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
