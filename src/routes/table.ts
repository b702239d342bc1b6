import { artifactsRoutes } from "./artifacts.ts";
import { experimentsRoutes } from "./experiments.ts";
import { loggedModelsRoutes } from "./logged-models.ts";
import { metricsRoutes } from "./metrics.ts";
import { mlflowArtifactsRoutes } from "./mlflow-artifacts.ts";
import type { Route } from "./route.ts";
import { runsRoutes } from "./runs.ts";
import { systemRoutes } from "./system.ts";

/** Everything this server answers. */
export const ROUTES: readonly Route[] = [
  ...experimentsRoutes,
  ...runsRoutes,
  ...metricsRoutes,
  ...loggedModelsRoutes,
  ...artifactsRoutes,
  ...mlflowArtifactsRoutes,
  ...systemRoutes,
];
