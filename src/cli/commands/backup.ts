import { Command, Option } from "commander";
import type { BackupFlags } from "../backup/backup.ts";
import type { RestoreFlags } from "../backup/restore.ts";
import { counted } from "../counted.ts";

const CREDENTIALS = `
Credentials of an admin are read from the URL (http://user:password@host), else from MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.`;

/** `trackflare backup`. */
export function backupCommand(): Command {
  return new Command("backup")
    .description("Write everything that a running server holds to one file, which is there once it is whole.")
    .argument("<file>", "a tar file; one of this name is replaced")
    .addOption(new Option("--from <uri>", "the server to read from").env("MLFLOW_TRACKING_URI").makeOptionMandatory())
    .addOption(
      new Option("--artifacts <mode>", "copy the files of the server's store, or only list them")
        .choices(["copy", "list"])
        .default("copy"),
    )
    .option("--json", "print what was written as JSON")
    .addHelpText("after", CREDENTIALS)
    .action(async (file: string, flags: BackupFlags) => {
      const { runBackup } = await import("../backup/backup.ts");
      tell(await runBackup(file, flags), flags.json);
    });
}

/** `trackflare restore`. */
export function restoreCommand(): Command {
  return new Command("restore")
    .description("Restore a backup into a new folder for `trackflare server --data-dir`, or into an empty server.")
    .argument("<file>", "what `trackflare backup` has written")
    .option("--to <folder or uri>", "a folder that is not there or empty, or the URL of an empty server")
    .option("--check", "only read the file, and say whether it is whole")
    .option("--json", "print what was restored as JSON")
    .addHelpText("after", CREDENTIALS)
    .action(async (file: string, flags: Partial<RestoreFlags> & { check?: boolean }, command: Command) => {
      if (flags.check) {
        const { BackupFile } = await import("../backup/backup-file.ts");
        tell((await BackupFile.open(file)).summary, flags.json);
        return;
      }
      if (flags.to === undefined)
        return command.error("error: name a place with --to, or give --check", { exitCode: 2 });
      const { runRestore } = await import("../backup/restore.ts");
      tell(await runRestore(file, { ...flags, to: flags.to }), flags.json);
    });
}

function tell(
  summary: { rows: Readonly<Record<string, number>>; points: number; files: number },
  json?: boolean,
): void {
  const { rows, points, files } = summary;
  if (json) console.log(JSON.stringify({ rows, points, files }));
  else {
    const of = (table: string, name: string) => counted(rows[table] ?? 0, name);
    const things = [
      ...[of("experiments", "experiment"), of("runs", "run"), counted(points, "point")],
      ...[of("registered_models", "registered model"), counted(files, "file")],
    ];
    console.log(things.join(", "));
  }
}
