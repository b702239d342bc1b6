import { Command, Option } from "commander";

/** `trackflare server`: flags and variables carry MLflow's names wherever `mlflow server` has them. */
export function serverCommand(): Command {
  return (
    new Command("server")
      .description("Serve the tracking API on this machine until stopped.")
      // As with `mlflow server`, -h is --host, so it is not --help.
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
        const { parseServerSettings } = await import("../settings.ts");
        const settings = parseServerSettings(flags, process.env);
        const { serve } = await import("../server.ts");
        await serve(settings);
      })
  );
}
