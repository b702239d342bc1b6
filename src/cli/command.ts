import { Command, Option } from "commander";
import { UserError } from "./user-error.ts";

/** The `trackflare` command. Ends with 0, 1 for what the user can put right, 2 for wrong usage. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command("trackflare")
    .description("An MLflow-compatible tracking server on Cloudflare Workers, or on this machine.")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  program
    .command("server")
    .description("Serve the tracking API on this machine until stopped.")
    // Flags and variables carry MLflow's names wherever `mlflow server` has them; there -h is --host, so it is not --help.
    .helpOption("--help", "Show this help")
    .addOption(new Option("-h, --host <host>", "address to listen on").env("MLFLOW_HOST").default("127.0.0.1"))
    .addOption(
      new Option("-p, --port <port>", "port to listen on; 0 for a free one").env("MLFLOW_PORT").default("5000"),
    )
    .addOption(
      new Option("--data-dir <folder>", "folder that holds everything")
        .env("TRACKFLARE_DATA_DIR")
        .default("./trackflare-data"),
    )
    .action(async (flags: Record<string, unknown>) => {
      const { parseServerSettings } = await import("./settings.ts");
      const settings = parseServerSettings(flags, process.env);
      const { serve } = await import("./server.ts");
      await serve(settings);
    });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    console.error(error instanceof UserError ? `\n  ${error.message.replaceAll("\n", "\n  ")}\n` : error);
    // At once: what a start that failed has open must not keep the process.
    process.exit(1);
  }
}
