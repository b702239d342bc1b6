import { Command, Option } from "commander";
import type { ImportFlags } from "../import/import.ts";

/** The exit code of a transfer that ended, but could not transfer some things. */
export const INCOMPLETE = 3;

/** The words for folders of other programs. */
const FORMATS = ["tensorboard", "wandb"] as const;

/** `trackflare import`. */
export function importCommand(): Command {
  return new Command("import")
    .description("Copy everything from an MLflow into a Trackflare server: what is there already is not written again.")
    .argument(
      "<source>",
      "an mlruns folder, MLflow's SQLite file, a database URL (postgresql://, mysql://) or the URL of a tracking server; or the word tensorboard or wandb before a folder",
    )
    .argument("[folder]", "of TensorBoard's event files, or of W&B's local runs")
    .addOption(
      new Option("--to <uri>", "the Trackflare server to write to").env("MLFLOW_TRACKING_URI").makeOptionMandatory(),
    )
    .addOption(
      new Option("--artifacts <mode>", "copy the files into the server's store, or keep them where they are")
        .choices(["copy", "keep"])
        .default("copy"),
    )
    .option("--artifacts-from <folder>", "where a database's mlflow-artifacts:/ files lie, mostly ./mlartifacts")
    .option(
      "--experiment <name>",
      "of TensorBoard's or W&B's runs: by default the folder's name, or each run's project",
    )
    .option("--passwords <file>", "takes the passwords of new users, a line of CSV for each")
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Credentials of either server are read from its URL (http://user:password@host), else from MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN. The writing one must be an admin's.

Ends with 0 when everything arrived, with ${INCOMPLETE} when some things did not (the report names each), with 1 when it could not go on:
start it again then, it goes on where it was.`,
    )
    .action(async (place: string, folder: string | undefined, flags: ImportFlags, command: Command) => {
      const format = folder === undefined ? undefined : FORMATS.find((one) => one === place);
      if (folder !== undefined && format === undefined) {
        command.error(`error: ${place} is no kind of source: only ${FORMATS.join(" and ")} are`, { exitCode: 2 });
      }
      const { runImport } = await import("../import/import.ts");
      const report = await runImport(folder ?? place, { ...flags, ...(format && { format }) });
      console.log(flags.json ? report.toJson() : report.toText());
      process.exitCode = report.isComplete ? 0 : INCOMPLETE;
    });
}
