import type { AdminSecret, ServerSettings } from "./settings.ts";

/** The text that the server prints when it is ready: its address, its folder, and the line for a training script. */
export function greeting(settings: ServerSettings, url: string): string {
  return `
  Trackflare serves the MLflow tracking API

    UI     ${url}
    Data   ${settings.dataDir}
    Auth   ${authState(settings.admin)}

  Log to it from a shell, or from a Python script:

    export MLFLOW_TRACKING_URI=${url}
    mlflow.set_tracking_uri("${url}")
`;
}

function authState(admin: AdminSecret | undefined): string {
  if (admin === undefined)
    return "off, for this machine only (on: set TRACKFLARE_ADMIN_PASSWORD or TRACKFLARE_ADMIN_TOKEN)";
  const ways = [
    admin.TRACKFLARE_ADMIN_PASSWORD === undefined ? [] : ["MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"],
    admin.TRACKFLARE_ADMIN_TOKEN === undefined ? [] : ["MLFLOW_TRACKING_TOKEN"],
  ];
  return `on, clients set ${ways.flat().join(" or ")}`;
}
