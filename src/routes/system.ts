import { MlflowError } from "../domain/errors.ts";
import { TRACKFLARE_VERSION, VERSION_HEADER } from "../domain/version.ts";
import { offersMultipart } from "../services/artifacts/multipart.ts";
import { offersPresignedDownload } from "../services/artifacts/presigned.ts";
import { REQUEST_METRICS } from "../services/request-metrics.ts";
import { json, plainText } from "../wire/respond.ts";
import { apiPaths, nothing, type Route, route } from "../wire/route.ts";
import { onList, onServer } from "./permissions.ts";

/** The MLflow release whose API this server speaks; clients compare it before they use newer routes. */
const MLFLOW_VERSION = "3.18.0";

function withVersion(body: string): Response {
  const response = plainText(body);
  response.headers.set(VERSION_HEADER, TRACKFLARE_VERSION);
  return response;
}

/** How long a copy of security.txt may be believed: the operator may change the contact at any time. */
const CONTACT_DAYS = 30;

/** The file of RFC 9116. */
function securityText(contact: string, nowMs: number): string {
  const expires = new Date(nowMs + CONTACT_DAYS * 86_400_000).toISOString().replace(/\.\d+/, "");
  return `Contact: ${contact}\nExpires: ${expires}\nPreferred-Languages: en\n`;
}

export const systemRoutes: readonly Route[] = [
  route({ method: "GET", paths: ["/health"], permission: "public", input: nothing, handle: () => withVersion("OK") }),
  route({
    method: "GET",
    paths: ["/version"],
    permission: "public",
    input: nothing,
    handle: () => withVersion(MLFLOW_VERSION),
  }),
  route({
    method: "GET",
    paths: ["/.well-known/security.txt"],
    permission: "public",
    input: nothing,
    handle: ({ ctx: { securityContact } }) => {
      if (securityContact !== undefined) return plainText(securityText(securityContact, Date.now()));
      throw new MlflowError("ENDPOINT_NOT_FOUND", "The operator of this server names no contact for security.");
    },
  }),
  route({
    method: "GET",
    paths: ["/metrics"],
    permission: onServer("READ"),
    input: nothing,
    handle: ({ ctx: { env } }) => {
      if (env.TRACKFLARE_METRICS !== "1") {
        throw new MlflowError(
          "ENDPOINT_NOT_FOUND",
          "The local server has metrics when started with --expose-prometheus.",
        );
      }
      return plainText(REQUEST_METRICS.render(MLFLOW_VERSION), "text/plain; version=0.0.4; charset=utf-8");
    },
  }),
  route({
    method: "GET",
    paths: apiPaths("/mlflow/server-info", "3.0"),
    permission: "public",
    input: nothing,
    handle: ({ ctx }) =>
      json({
        store_type: ctx.isArtifactsOnly ? null : "SqlStore",
        workspaces_enabled: false,
        trace_archival_enabled: false,
        multipart_uploads_enabled: ctx.announcesMultipart && offersMultipart(ctx),
        multipart_downloads_enabled: ctx.announcesPresigned && offersPresignedDownload(ctx),
        artifact_serving_enabled: ctx.isServingArtifacts,
        presigned_upload_run_id_supported: false,
        presigned_upload_model_id_supported: false,
        model_artifact_presigned_downloads_supported: offersPresignedDownload(ctx),
        features_enabled: { gateway: false, scheduled_issue_detection: false },
        tracking_auth: "",
        artifacts_presigned_only: ctx.presigned !== "off" && offersMultipart(ctx) && offersPresignedDownload(ctx),
      }),
  }),
  // No telemetry is collected: the UI stops collecting after this answer.
  route({
    method: "GET",
    paths: ["/ajax-api/3.0/mlflow/ui-telemetry"],
    permission: onList,
    input: nothing,
    handle: () => json({ disable_ui_telemetry: true, disable_ui_events: [], ui_rollout_percentage: 0 }),
  }),
  route({
    method: "POST",
    paths: ["/ajax-api/3.0/mlflow/ui-telemetry"],
    permission: onList,
    input: nothing,
    handle: () => json({ status: "disabled" }),
  }),
];
