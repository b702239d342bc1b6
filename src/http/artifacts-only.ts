import { MlflowError } from "../domain/errors.ts";
import type { Route } from "../wire/route.ts";

/** Under --artifacts-only. */
const SERVED =
  /^\/(health|version|metrics)$|^\/api\/\d\.0\/(mlflow-artifacts\/|trackflare\/artifact-|mlflow\/server-info$)/;

/**
 * Refuses what is not served with --artifacts-only. MLflow answers 503, which its clients repeat for minutes.
 * @throws MlflowError NOT_IMPLEMENTED.
 */
export function requireArtifacts({ paths: [path = ""] }: Route): void {
  if (SERVED.test(path)) return;
  throw new MlflowError(
    "NOT_IMPLEMENTED",
    `Endpoint: ${path} is not served: this server was started with --artifacts-only, and keeps artifacts alone. Runs and experiments are on another server.`,
  );
}
