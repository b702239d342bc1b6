import type { LoggedModelMetric } from "../../api/logged-models.ts";
import { toDouble } from "../../api/wire.ts";
import { formatMetric } from "../../parts/format.ts";

export const MODEL_STATUS = {
  LOGGED_MODEL_PENDING: "Pending",
  LOGGED_MODEL_READY: "Ready",
  LOGGED_MODEL_UPLOAD_FAILED: "Failed",
};

/** `accuracy 0.93, loss 0.1` */
export function metricsText(metrics: readonly LoggedModelMetric[] | undefined): string {
  return (metrics ?? []).map(({ key, value }) => `${key} ${formatMetric(toDouble(value))}`).join(", ");
}
