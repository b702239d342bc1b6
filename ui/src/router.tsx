import type { QueryClient } from "@tanstack/react-query";
import {
  createHashHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { getRun, runQuery } from "./api/runs.ts";
import { askFirstSeries } from "./charts/first-series.ts";
import { auditSearch } from "./screens/audit/search.ts";
import { compareSearch } from "./screens/compare/search.ts";
import { experimentsSearch } from "./screens/experiments/search.ts";
import { promptSearch, promptsSearch } from "./screens/prompts/search.ts";
import {
  loggedModelSearch,
  loggedModelsSearch,
  modelsSearch,
  registeredModelSearch,
} from "./screens/registry/search.ts";
import { runSearch } from "./screens/run/search.ts";
import { runsSearch } from "./screens/runs/search.ts";
import { setUpSearch } from "./screens/set-up/search.ts";
import { signInSearch } from "./screens/sign-in/search.ts";
import { trashSearch } from "./screens/trash/search.ts";
import { Frame } from "./shell/frame.tsx";
import { loadCode } from "./shell/load-code.ts";
import { hasPlaces } from "./shell/places.ts";
import { NotFound, ScreenError, ScreenPending } from "./shell/route-states.tsx";

/* Every address of the UI: the addresses that MLflow's clients print, and redirects from the spellings of MLflow's UI. */

const screen: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => loadCode(load), name);

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Frame });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  // Readers without visited pages begin with the experiments.
  beforeLoad: () => {
    throw redirect({ to: hasPlaces() ? "/home" : "/experiments", replace: true });
  },
});

const homePage = createRoute({
  getParentRoute: () => root,
  path: "/home",
  component: screen(() => import("./screens/home/home-screen.tsx"), "HomeScreen"),
});

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/experiments",
  validateSearch: (raw) => experimentsSearch.parse(raw),
  component: screen(() => import("./screens/experiments/experiments-screen.tsx"), "ExperimentsScreen"),
});

/** `$ids`: one or several, apart by commas. */
const runs = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$ids",
  validateSearch: (raw) => runsSearch.parse(raw),
  component: screen(() => import("./screens/runs/runs-screen.tsx"), "RunsScreen"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/runs/$runId",
  validateSearch: (raw) => runSearch.parse(raw),
  // Requested while the screen's code is still loading. The screen waits for the run, and shows a failure.
  loader: ({ context, params, location, cause }) => {
    const { tab } = runSearch.parse(location.search);
    void context.queries.fetchQuery(runQuery(params.runId)).then(
      (found) => cause === "enter" && tab === "charts" && askFirstSeries(found, location.search),
      () => undefined,
    );
  },
  component: screen(() => import("./screens/run/run-screen.tsx"), "RunScreen"),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: (raw) => compareSearch.parse(raw),
  component: screen(() => import("./screens/compare/compare-screen.tsx"), "CompareScreen"),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (raw) => signInSearch.parse(raw),
  component: screen(() => import("./screens/sign-in/sign-in-screen.tsx"), "SignInScreen"),
});

const setUp = createRoute({
  getParentRoute: () => root,
  path: "/set-up",
  validateSearch: (raw) => setUpSearch.parse(raw),
  component: screen(() => import("./screens/set-up/set-up-screen.tsx"), "SetUpScreen"),
});

const account = createRoute({
  getParentRoute: () => root,
  path: "/account",
  component: screen(() => import("./screens/account/account-screen.tsx"), "AccountScreen"),
});

const people = createRoute({
  getParentRoute: () => root,
  path: "/people",
  component: screen(() => import("./screens/people/people-screen.tsx"), "PeopleScreen"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (raw) => auditSearch.parse(raw),
  component: screen(() => import("./screens/audit/audit-screen.tsx"), "AuditScreen"),
});

const trash = createRoute({
  getParentRoute: () => root,
  path: "/trash",
  validateSearch: (raw) => trashSearch.parse(raw),
  component: screen(() => import("./screens/trash/trash-screen.tsx"), "TrashScreen"),
});

const experimentTrash = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/trash",
  validateSearch: (raw) => trashSearch.parse(raw),
  component: screen(() => import("./screens/trash/trash-screen.tsx"), "TrashScreen"),
});

const roles = createRoute({
  getParentRoute: () => root,
  path: "/roles",
  component: screen(() => import("./screens/roles/roles-screen.tsx"), "RolesScreen"),
});

const links = createRoute({
  getParentRoute: () => root,
  path: "/links",
  component: screen(() => import("./screens/links/links-screen.tsx"), "LinksScreen"),
});

/** The file of a signed link. */
const sharedFile = createRoute({
  getParentRoute: () => root,
  path: "/file",
  component: screen(() => import("./screens/shared/shared-file-screen.tsx"), "SharedFileScreen"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: (raw) => modelsSearch.parse(raw),
  component: screen(() => import("./screens/registry/models-screen.tsx"), "ModelsScreen"),
});

const prompts = createRoute({
  getParentRoute: () => root,
  path: "/prompts",
  validateSearch: (raw) => promptsSearch.parse(raw),
  component: screen(() => import("./screens/prompts/prompts-screen.tsx"), "PromptsScreen"),
});

const prompt = createRoute({
  getParentRoute: () => root,
  path: "/prompts/$name",
  validateSearch: (raw) => promptSearch.parse(raw),
  component: screen(() => import("./screens/prompts/prompt-screen.tsx"), "PromptScreen"),
});

const registeredModel = createRoute({
  getParentRoute: () => root,
  path: "/models/$name",
  validateSearch: (raw) => registeredModelSearch.parse(raw),
  component: screen(() => import("./screens/registry/registered-model-screen.tsx"), "RegisteredModelScreen"),
});

const modelVersion = createRoute({
  getParentRoute: () => root,
  path: "/models/$name/versions/$version",
  component: screen(() => import("./screens/registry/model-version-screen.tsx"), "ModelVersionScreen"),
});

const loggedModels = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/models",
  validateSearch: (raw) => loggedModelsSearch.parse(raw),
  component: screen(() => import("./screens/registry/logged-models-screen.tsx"), "LoggedModelsScreen"),
});

const loggedModel = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/models/$modelId",
  validateSearch: (raw) => loggedModelSearch.parse(raw),
  component: screen(() => import("./screens/registry/logged-model-screen.tsx"), "LoggedModelScreen"),
});

/** A run by its id alone. A missing run leads to the page that says so. */
const runById = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  beforeLoad: async ({ params: { runId } }) => {
    const experimentId = await getRun(runId).then(
      (found) => found.info.experiment_id,
      () => "0",
    );
    throw redirect({ to: "/experiments/$experimentId/runs/$runId", params: { experimentId, runId }, replace: true });
  },
});

/** A logged model by its id alone, likewise. */
const loggedModelById = createRoute({
  getParentRoute: () => root,
  path: "/logged-models/$modelId",
  validateSearch: (raw) => loggedModelSearch.parse(raw),
  beforeLoad: async ({ params: { modelId }, search }) => {
    const { getLoggedModel } = await import("./api/logged-models.ts");
    const experimentId = await getLoggedModel(modelId).then(
      (found) => found.info.experiment_id,
      () => "0",
    );
    throw redirect({
      to: "/experiments/$experimentId/models/$modelId",
      params: { experimentId, modelId },
      search,
      replace: true,
    });
  },
});

const runsSpelling = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$ids/runs",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/experiments/$ids", params, replace: true });
  },
});

/** MLflow's UI has a path for each tab of a run. */
const artifactsSpelling = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/runs/$runId/artifacts/$",
  beforeLoad: ({ params: { experimentId, runId, _splat } }) => {
    throw redirect({
      to: "/experiments/$experimentId/runs/$runId",
      params: { experimentId, runId },
      search: { tab: "artifacts", path: _splat || undefined },
      replace: true,
    });
  },
});

const TAB_SPELLINGS: Record<string, "charts" | "system" | "artifacts"> = {
  artifacts: "artifacts",
  "model-metrics": "charts",
  "system-metrics": "system",
};

const tabSpelling = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/runs/$runId/$tab",
  beforeLoad: ({ params: { experimentId, runId, tab } }) => {
    throw redirect({
      to: "/experiments/$experimentId/runs/$runId",
      params: { experimentId, runId },
      search: { tab: TAB_SPELLINGS[tab] },
      replace: true,
    });
  },
});

const loggedModelTabSpelling = createRoute({
  getParentRoute: () => root,
  path: "/experiments/$experimentId/models/$modelId/$tab",
  beforeLoad: ({ params: { experimentId, modelId, tab } }) => {
    throw redirect({
      to: "/experiments/$experimentId/models/$modelId",
      params: { experimentId, modelId },
      search: { tab: tab === "artifacts" ? tab : undefined },
      replace: true,
    });
  },
});

const compareSpelling = createRoute({
  getParentRoute: () => root,
  path: "/compare-runs",
  validateSearch: (raw) => compareSearch.parse(raw),
  beforeLoad: ({ search }) => {
    throw redirect({ to: "/compare", search, replace: true });
  },
});

const routeTree = root.addChildren([
  home,
  homePage,
  experiments,
  runs,
  runsSpelling,
  run,
  runById,
  artifactsSpelling,
  tabSpelling,
  loggedModels,
  loggedModel,
  loggedModelById,
  loggedModelTabSpelling,
  compare,
  compareSpelling,
  prompts,
  prompt,
  models,
  registeredModel,
  modelVersion,
  signIn,
  setUp,
  account,
  people,
  roles,
  links,
  sharedFile,
  audit,
  trash,
  experimentTrash,
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    context: { queries },
    history: createHashHistory(),
    defaultPreload: "intent",
    defaultErrorComponent: ScreenError,
    defaultNotFoundComponent: NotFound,
    defaultPendingComponent: ScreenPending,
    pathParamsAllowedCharacters: [","],
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
