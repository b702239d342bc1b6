import { Command } from "commander";
import { TRACKFLARE_VERSION } from "../domain/version.ts";
import { auditCommand } from "./commands/audit.ts";
import { backupCommand, restoreCommand } from "./commands/backup.ts";
import { deployCommand } from "./commands/deploy.ts";
import { dbCommand, doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { gcCommand } from "./commands/gc.ts";
import { importCommand } from "./commands/import.ts";
import { serverCommand } from "./commands/server.ts";
import { tokensCommand } from "./commands/tokens.ts";
import { usersCommand } from "./commands/users.ts";
import { UserError } from "./user-error.ts";

/** Shown below the list of commands, because scripts branch on the codes. */
const EXIT_CODES = `
Ends with 0 when all is done, 1 when it is not (the message says why), 2 for wrong usage, and 3 when import, export or gc
did all but what its report names. \`trackflare <command> --help\` tells more.`;

/**
 * The `trackflare` command: a table of its subcommands. Each subcommand loads its code when it is called.
 * EXIT_CODES says how each of them ends.
 */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command("trackflare")
    .description("An MLflow-compatible tracking server on Cloudflare Workers, or on this machine.")
    .version(TRACKFLARE_VERSION, "--version")
    .addCommand(serverCommand())
    .addCommand(deployCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand())
    .addCommand(gcCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(doctorCommand())
    .addCommand(dbCommand())
    .addCommand(usersCommand())
    .addCommand(tokensCommand())
    .addCommand(auditCommand())
    .addHelpText("after", EXIT_CODES);
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) {
    command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    console.error(error instanceof UserError ? `\n  ${error.message.replaceAll("\n", "\n  ")}\n` : error);
    // Exit at once: open handles of a failed start must not keep the process running.
    process.exit(1);
  }
}
