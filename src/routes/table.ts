import type { Route } from "../wire/route.ts";
import { artifactsRoutes } from "./artifacts.ts";
import { auditRoutes } from "./audit.ts";
import { backupRoutes } from "./backup.ts";
import { experimentsRoutes } from "./experiments.ts";
import { graphqlRoutes } from "./graphql/graphql.ts";
import { importRoutes } from "./import.ts";
import { legacyPermissionsRoutes } from "./legacy-permissions.ts";
import { linksRoutes } from "./links.ts";
import { loggedModelsRoutes } from "./logged-models.ts";
import { metricsRoutes } from "./metrics.ts";
import { mlflowArtifactsRoutes } from "./mlflow-artifacts.ts";
import { modelVersionsRoutes } from "./model-versions.ts";
import { registeredModelsRoutes } from "./registered-models.ts";
import { rolesRoutes } from "./roles.ts";
import { runTransferRoutes } from "./run-transfer.ts";
import { runsRoutes } from "./runs.ts";
import { stockUiRoutes } from "./stock-ui.ts";
import { systemRoutes } from "./system.ts";
import { tokensRoutes } from "./tokens.ts";
import { trashRoutes } from "./trash.ts";
import { uiAccessRoutes } from "./ui/access.ts";
import { uiArtifactRoutes } from "./ui/artifact.ts";
import { uiFindRoutes } from "./ui/find.ts";
import { uiFolderZipRoutes } from "./ui/folder-zip.ts";
import { uiLiveRoutes } from "./ui/live.ts";
import { uiRunsRoutes } from "./ui/runs.ts";
import { uiSeriesRoutes } from "./ui/series.ts";
import { uiSessionRoutes } from "./ui/session.ts";
import { uiSetupRoutes } from "./ui/setup.ts";
import { uiSharedRoutes } from "./ui/shared.ts";
import { uiSsoRoutes } from "./ui/sso.ts";
import { uiTrashRoutes } from "./ui/trash.ts";
import { usersRoutes } from "./users.ts";

/** All routes of this server. */
export const ROUTES: readonly Route[] = [
  ...experimentsRoutes,
  ...runsRoutes,
  ...runTransferRoutes,
  ...metricsRoutes,
  ...loggedModelsRoutes,
  ...registeredModelsRoutes,
  ...modelVersionsRoutes,
  ...artifactsRoutes,
  ...mlflowArtifactsRoutes,
  ...graphqlRoutes,
  ...uiArtifactRoutes,
  ...uiFindRoutes,
  ...uiFolderZipRoutes,
  ...uiRunsRoutes,
  ...uiSeriesRoutes,
  ...uiLiveRoutes,
  ...uiSessionRoutes,
  ...uiSetupRoutes,
  ...uiSsoRoutes,
  ...uiSharedRoutes,
  ...uiAccessRoutes,
  ...uiTrashRoutes,
  ...stockUiRoutes,
  ...importRoutes,
  ...backupRoutes,
  ...trashRoutes,
  ...systemRoutes,
  ...usersRoutes,
  ...rolesRoutes,
  ...legacyPermissionsRoutes,
  ...tokensRoutes,
  ...auditRoutes,
  ...linksRoutes,
];
