import { Command } from "commander";
import { CREDENTIALS_HELP, trackingUriOption } from "../access/access-server.ts";
import type { GcFlags } from "../gc/gc.ts";
import { INCOMPLETE } from "./import.ts";

/** `trackflare gc`, by the flags of `mlflow gc`. */
export function gcCommand(): Command {
  return new Command("gc")
    .description("Delete for good what is in the stage 'deleted': rows, metric histories and files.")
    .option("--older-than <age>", "only what was deleted at least so long ago, as 1d2h3m4s or 1.5d")
    .option("--run-ids <ids>", "these runs only, separated by commas")
    .option("--experiment-ids <ids>", "these experiments only, with all their runs and models")
    .option("--logged-model-ids <ids>", "these logged models only")
    .addOption(trackingUriOption())
    .option("--dry-run", "say what would go, and how much that is, and change nothing")
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Without ids all of the trash goes. With ids only what they name goes: mlflow gc would go on with all deleted
experiments and logged models. What was deleted after the start stays. It may be interrupted, and started again.
${CREDENTIALS_HELP}

Ends with 0 when all is gone, with ${INCOMPLETE} when something could not be deleted yet (the report names it; start it again then),
with 1 when the server refuses.`,
    )
    .action(async (flags: GcFlags) => {
      const { runGc } = await import("../gc/gc.ts");
      const report = await runGc(flags);
      console.log(flags.json ? JSON.stringify(report, undefined, 2) : report.toText());
      process.exitCode = report.isComplete ? 0 : INCOMPLETE;
    });
}
