import { MlflowError } from "../domain/errors.ts";
import type { Route } from "../wire/route.ts";

/** Paths that are served with --artifacts-only. */
const SERVED =
  /^\/(health|version|metrics)$|^\/api\/\d\.0\/(mlflow-artifacts\/|trackflare\/artifact-|mlflow\/server-info$)/;

/**
 * Refuses routes that are not served with --artifacts-only. MLflow answers 503, which makes its clients retry for minutes.
 * @throws MlflowError NOT_IMPLEMENTED.
 */
export function requireArtifacts({ paths: [path = ""] }: Route): void {
  if (SERVED.test(path)) return;
  throw new MlflowError(
    "NOT_IMPLEMENTED",
    `Endpoint: ${path} is not served: this server was started with --artifacts-only, and keeps artifacts alone. Runs and experiments are on another server.`,
  );
}
