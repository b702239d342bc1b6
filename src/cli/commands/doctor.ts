import { Command, Option } from "commander";
import type { DbFlags } from "../doctor/db.ts";
import type { DoctorFlags } from "../doctor/doctor.ts";

const dataDir = () =>
  new Option("--data-dir <folder>", "the folder of a local server")
    .env("TRACKFLARE_DATA_DIR")
    .default("./trackflare-data");
const to = () => new Option("--to <uri>", "a running server").env("MLFLOW_TRACKING_URI");

/** `trackflare doctor`. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description(
      "Look at this installation, the data folder and a server, and say what is wrong or behind. Changes nothing.",
    )
    .addOption(dataDir())
    .addOption(to())
    .option("--json", "print the findings as JSON")
    .addHelpText("after", "\nEnds with 0, or with 1 where something is wrong.")
    .action(async (flags: DoctorFlags & { json?: boolean }) => {
      const { runDoctor } = await import("../doctor/doctor.ts");
      const { findingsText } = await import("../doctor/checks.ts");
      const findings = await runDoctor(flags);
      console.log(flags.json ? JSON.stringify({ findings }) : findingsText(findings));
      process.exitCode = findings.some(({ state }) => state === "wrong") ? 1 : 0;
    });
}

/** `trackflare db`. */
export function dbCommand(): Command {
  const action = (name: "check" | "upgrade", description: string) =>
    new Command(name)
      .description(description)
      .addOption(dataDir())
      .addOption(to())
      .option("--json", "print what was found as JSON")
      .action(async ({ json, ...given }: DbFlags & { json?: boolean }, command: Command) => {
        // A folder that the command line names is meant, also in a shell that has MLFLOW_TRACKING_URI for its jobs.
        const isFolder =
          command.getOptionValueSource("dataDir") === "cli" && command.getOptionValueSource("to") !== "cli";
        const flags: DbFlags = isFolder ? { dataDir: given.dataDir } : given;
        const db = await import("../doctor/db.ts");
        const { schemaFinding } = await import("../doctor/doctor.ts");
        const { findingsText } = await import("../doctor/checks.ts");
        const state = await (name === "check" ? db.checkSchema(flags) : db.upgradeSchema(flags));
        console.log(json ? JSON.stringify(state) : findingsText([schemaFinding("The database", state)]));
        process.exitCode = state.missing.length > 0 ? 1 : 0;
      });
  return new Command("db")
    .description("The schema of the database. A server brings it up to date by itself, when it starts.")
    .addCommand(action("check", "Say whether it is the one of this version: ends with 1 where it is behind."))
    .addCommand(action("upgrade", "Bring it up to this version, without serving."));
}
