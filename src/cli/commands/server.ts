import { Command, Option } from "commander";
import { foreignOptions, judgeForeignFlags } from "../mlflow-flags.ts";

/** `trackflare server`: flags and variables have the names that `mlflow server` gives them. */
export function serverCommand(): Command {
  const command = new Command("server")
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
    .addOption(
      new Option(
        "--allowed-hosts <hosts>",
        "names that the server may be called by, with commas between; * for any part",
      ).env("MLFLOW_SERVER_ALLOWED_HOSTS"),
    )
    .addOption(
      new Option("--cors-allowed-origins <origins>", "other sites whose pages may call, with commas between").env(
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
      ),
    )
    .addOption(new Option("--app-name <name>", "basic-auth: ask for credentials, and let the first admin be made"))
    .addOption(
      new Option(
        "--trusted-proxies <number>",
        "how many proxies stand in front, each of which adds its caller to X-Forwarded-For; nobody else may reach the port",
      ).env("TRACKFLARE_TRUSTED_PROXIES"),
    )
    .addOption(
      new Option("--static-prefix <path>", "path below which the server answers too, such as /mlflow").env(
        "MLFLOW_STATIC_PREFIX",
      ),
    )
    .addOption(
      new Option("--x-frame-options <value>", "who may show the UI in a frame: DENY (default), SAMEORIGIN or NONE").env(
        "MLFLOW_SERVER_X_FRAME_OPTIONS",
      ),
    )
    .addOption(
      new Option("--expose-prometheus <folder>", "serve /metrics for Prometheus; the folder is not used").env(
        "MLFLOW_EXPOSE_PROMETHEUS",
      ),
    )
    .addOption(
      new Option(
        "--default-artifact-root <uri>",
        "where new experiments keep artifacts; clients write to any other than mlflow-artifacts:/ themselves",
      ).env("MLFLOW_DEFAULT_ARTIFACT_ROOT"),
    )
    .addOption(
      new Option(
        "--artifacts-destination <uri>",
        "bucket to keep artifacts in, s3://bucket/folder, instead of the data folder",
      ).env("MLFLOW_ARTIFACTS_DESTINATION"),
    )
    .addOption(new Option("--serve-artifacts", "let clients send artifacts through this server (the default)"))
    .addOption(new Option("--no-serve-artifacts", "let none: clients need --default-artifact-root"))
    .addOption(new Option("--artifacts-only", "serve artifacts and nothing else: another server has the runs"))
    .addOption(
      new Option(
        "--artifacts-presigned-only",
        "let clients send and fetch artifacts by presigned URLs alone (MLflow 3.18)",
      ),
    )
    .action(async (flags: Record<string, unknown>) => {
      for (const line of judgeForeignFlags(flags, process.env)) console.error(line);
      const { ignoredAuthKeys, parseServerSettings } = await import("../settings.ts");
      for (const line of ignoredAuthKeys(process.env)) console.error(line);
      const settings = parseServerSettings(flags, process.env);
      const { serve } = await import("../server.ts");
      await serve(settings);
    });
  for (const option of foreignOptions()) command.addOption(option);
  return command;
}
