import { id, message, repeated, required } from "./message.ts";
import { onExperiments } from "./permissions.ts";
import { json } from "./respond.ts";
import { apiPaths, type Route, route } from "./route.ts";

/**
 * Logged models cannot be created here yet, so every search for them is empty. It is answered because the Python client of
 * MLflow 3 asks for a run's logged models whenever it lists the run's artifacts.
 */
export const loggedModelsRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths("/mlflow/logged-models/search"),
    permission: onExperiments("READ"),
    input: message({ experimentIds: required(repeated(id)) }),
    handle: () => json({}),
  }),
];
