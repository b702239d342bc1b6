/** Of Trackflare itself, as in package.json. What `/version` answers is MLflow's. */
export const TRACKFLARE_VERSION = "0.1.0";

/** The header of `/version` and `/health` that has it. */
export const VERSION_HEADER = "X-Trackflare-Version";
