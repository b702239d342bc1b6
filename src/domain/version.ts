/** Trackflare's own version, as in package.json. The answer of `/version` is MLflow's version. */
export const TRACKFLARE_VERSION = "0.1.0";

/** The header of `/version` and `/health` that holds Trackflare's version. */
export const VERSION_HEADER = "X-Trackflare-Version";
