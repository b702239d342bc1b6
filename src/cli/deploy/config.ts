import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../source-build.ts";
import { UserError } from "../user-error.ts";

/** What one deployment adds to wrangler.toml. */
export interface Deployment {
  readonly accountId: string;
  /** The Worker's name, and the database's. */
  readonly name: string;
  readonly databaseId: string;
  readonly bucket: string;
  readonly plan: "free" | "paid";
}

/**
 * wrangler's configuration of one deployment: wrangler.toml with the names and ids of its resources. Git ignores the file,
 * so an upgrade of the clone meets no local change.
 */
export function configName(deployment: Pick<Deployment, "name">): string {
  return `wrangler.${deployment.name}.toml`;
}

/** @throws {UserError} if wrangler.toml has been changed so that the deployment's lines have no place in it. */
export function configText(deployment: Deployment): string {
  const { accountId, name, databaseId, bucket, plan } = deployment;
  const file = configName(deployment);
  const template = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  const lines: readonly [from: string, to: string][] = [
    ['name = "trackflare"', `name = "${name}"\naccount_id = "${accountId}"`],
    ['database_name = "trackflare"', `database_name = "${name}"\ndatabase_id = "${databaseId}"`],
    ['bucket_name = "trackflare-artifacts"', `bucket_name = "${bucket}"`],
  ];
  const body = lines.reduce((text, [from, to]) => {
    const parts = `\n${text}`.split(`\n${from}\n`);
    if (parts.length === 2) return parts.join(`\n${to}\n`).slice(1);
    throw new UserError(
      `wrangler.toml has no line ${from}. Undo the changes of that line: this command writes names and ids into ${file}.`,
    );
  }, template);
  if (/^\s*(account_id|database_id)\s*=/m.test(template) || /^\[vars\]/m.test(template)) {
    throw new UserError(
      `wrangler.toml has an account_id, a database_id or [vars] of its own. Remove them: this command writes them into ${file}, and keeps variables that you set in the dashboard.`,
    );
  }
  return `# Written by \`npx trackflare deploy\` from wrangler.toml: change that file, and deploy again. Name this file to wrangler by
# -c ${file}.
${body}
[vars]
TRACKFLARE_WORKERS_PLAN = "${plan}"
`;
}

export function writtenConfig(name: string): string | undefined {
  const path = join(ROOT, name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

export function writeConfig(name: string, text: string): void {
  writeFileSync(join(ROOT, name), text);
}
