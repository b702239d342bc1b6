import { Command } from "commander";
import { CREDENTIALS_HELP, trackingUriOption } from "../access/access-server.ts";
import type { AuditFlags } from "../access/audit.ts";

/** A command with the options that say which entries it is about. */
function entriesCommand(name: string): Command {
  return new Command(name)
    .option("--user <name>", "only what this user did")
    .option("--action <action>", "only this action, such as user.create or run.delete")
    .option("--target-type <type>", "only what was done to this kind of thing, such as user or run")
    .option("--target <id>", "only what was done to the thing with this name or id")
    .option("--since <time>", "only the last 7d, 12h or 30m")
    .addOption(trackingUriOption());
}

/** `trackflare audit`. */
export function auditCommand(): Command {
  return new Command("audit")
    .description("Who did what to users, tokens, grants, runs, models and stages: the audit log, for admins.")
    .addCommand(
      entriesCommand("list")
        .description("The newest entries.")
        .option("--limit <count>", "how many, up to 1000", "100")
        .option("--json", "print as JSON")
        .action(async (flags: AuditFlags & { limit: string; json?: true }) => (await actions()).listAudit(flags)),
    )
    .addCommand(
      entriesCommand("export")
        .description("All entries on stdout, each a line of JSON.")
        .action(async (flags: AuditFlags) => (await actions()).exportAudit(flags)),
    )
    .addHelpText("after", CREDENTIALS_HELP);
}

const actions = () => import("../access/audit.ts");
