import type { ServerSettings } from "./settings.ts";

/** The text that the server prints when it is ready: its address, its folder, and the line for a training script. */
export function greeting(settings: ServerSettings, url: string, isSetupNeeded: boolean): string {
  return `
  Trackflare serves the MLflow tracking API

    UI     ${url}
    Data   ${settings.dataDir}
    Auth   ${authState(settings)}
${isSetupNeeded ? setupText(settings, url) : ""}
  Log to it from a shell, or from a Python script:

    export MLFLOW_TRACKING_URI=${url}
    mlflow.set_tracking_uri("${url}")
`;
}

/** The fragment of an address reaches no server and no log. */
function setupText({ setupToken = "" }: ServerSettings, url: string): string {
  return `
  The server has no admin yet. Whoever opens this address first makes one; it works once, and until the server stops:

    ${url}/#/set-up?token=${setupToken}
`;
}

function authState({ admin, setupToken }: ServerSettings): string {
  if (setupToken !== undefined) return "on, clients set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD";
  if (admin === undefined)
    return "off, for this machine only (on: --app-name basic-auth, or TRACKFLARE_ADMIN_PASSWORD or TRACKFLARE_ADMIN_TOKEN)";
  const ways = [
    admin.TRACKFLARE_ADMIN_PASSWORD === undefined ? [] : ["MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"],
    admin.TRACKFLARE_ADMIN_TOKEN === undefined ? [] : ["MLFLOW_TRACKING_TOKEN"],
  ];
  return `on, clients set ${ways.flat().join(" or ")}`;
}
