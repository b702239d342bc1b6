import { Command, Option } from "commander";
import type { ExportFlags } from "../export/export.ts";
import { INCOMPLETE } from "./import.ts";

/** `trackflare export`. */
export function exportCommand(): Command {
  return new Command("export")
    .description(
      "Copy everything from a Trackflare server to where others read it: what is there already is not written again.",
    )
    .argument(
      "<place>",
      "a folder, which a stock `mlflow ui --backend-store-uri <folder>` opens, or pandas, DuckDB and Polars read; or the URL of another server: a Trackflare, as an admin, or MLflow's own",
    )
    .addOption(new Option("--from <uri>", "the server to read from").env("MLFLOW_TRACKING_URI").makeOptionMandatory())
    .addOption(
      new Option("--format <format>", "what the folder is to hold: MLflow's files, or two tables")
        .choices(["mlruns", "parquet"])
        .default("mlruns"),
    )
    .addOption(
      new Option("--artifacts <mode>", "copy the server's files, or keep their URIs as they are")
        .choices(["copy", "keep"])
        .default("copy"),
    )
    .option(
      "--passwords <file>",
      "takes the passwords of users that the other Trackflare lacks, a line of CSV for each",
    )
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Credentials are read from the URL (http://user:password@host), else from MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.

Ends with 0 when everything arrived, with ${INCOMPLETE} when some things did not (the report names each), with 1 when it could not go on:
start it again then, it goes on where it was.`,
    )
    .action(async (place: string, flags: ExportFlags) => {
      const { runExport } = await import("../export/export.ts");
      const report = await runExport(place, flags);
      console.log(flags.json ? report.toJson() : report.toText());
      process.exitCode = report.isComplete ? 0 : INCOMPLETE;
    });
}
