import { type Connection, render, withConnection } from "../http/connection.ts";
import { forEachItem, runLoad } from "../http/load.ts";
import {
  API,
  createExperiment,
  createRun,
  FIRST_TIMESTAMP_MS,
  parseBody,
  postJson,
  requireEqual,
} from "../mlflow-api.ts";
import { timeRequests } from "./timed-requests.ts";
import { freshName, type Workload } from "./workload.ts";

/*
 * The model registry and MLflow 3's logged models, which FastTrackML does not have. The searches create the few things that
 * they find.
 */

const SERVERS = ["trackflare", "mlflow"] as const;

const CLIENTS = 16;
const VERSIONS = 1000;
const MODELS = 1000;
/** MLflow's own limit of a page of logged models. */
const MODELS_PAGE = 50;

interface Version {
  readonly name: string;
  readonly version: string;
  readonly run_id: string;
}

interface LoggedModel {
  readonly info: { readonly model_id: string; readonly name: string };
  readonly data?: { readonly params?: readonly { readonly key: string; readonly value: string }[] };
}

/** A run whose files are the sources of versions. */
async function sourceRun(connection: Connection): Promise<string> {
  const experimentId = await createExperiment(connection, freshName("registry"));
  return (await createRun(connection, experimentId, "source", FIRST_TIMESTAMP_MS)).run_id;
}

async function createVersion(connection: Connection, name: string, runId: string): Promise<Version> {
  const body = { name, source: `runs:/${runId}/model`, run_id: runId };
  return (await postJson<{ model_version: Version }>(connection, "/model-versions/create", body)).model_version;
}

const registerModel: Workload = {
  id: "register-model",
  title: "`registered-models/create` + its first version, 16 clients, pairs",
  unit: "requests/s",
  targets: { mlflow: 8 },
  data: "empty",
  servers: SERVERS,
  measure: async (server, { seconds }) => {
    const runId = await withConnection(server.port, sourceRun);
    const prefix = freshName("model");
    let next = 0;
    const result = await runLoad({
      server,
      clients: CLIENTS,
      seconds,
      operation: async ({ connection }) => {
        const name = `${prefix}-${next++}`;
        await postJson(connection, "/registered-models/create", { name });
        requireEqual((await createVersion(connection, name, runId)).version, "1", "the version of a new model");
      },
    });
    return { ...result, value: result.perSecond };
  },
};

const searchVersions: Workload = {
  id: "search-versions",
  title: "`model-versions/search`: 1,000 versions of one model",
  unit: "ms",
  targets: { mlflow: 3 },
  data: "empty",
  servers: SERVERS,
  measure: async (server, { seconds }) =>
    withConnection(server.port, async (connection) => {
      const runId = await sourceRun(connection);
      const name = freshName("versions");
      await postJson(connection, "/registered-models/create", { name });
      // One after the other, because the versions of one model are numbered.
      for (let index = 0; index < VERSIONS; index++) await createVersion(connection, name, runId);
      const query = new URLSearchParams({ filter: `name = '${name}'`, max_results: String(VERSIONS) });
      query.append("order_by", "version_number DESC");
      const request = render("GET", `${API}/model-versions/search?${query}`, server.port);
      return timeRequests(server, connection, request, seconds, (answer) => {
        const { model_versions: versions } = parseBody<{ model_versions: readonly Version[] }>(answer, "a search");
        requireEqual(versions.length, VERSIONS, "versions of a page");
        for (const [index, { version, run_id }] of versions.entries()) {
          requireEqual(version, String(VERSIONS - index), "a version's place in the page");
          requireEqual(run_id, runId, "the run of a version");
        }
      });
    }),
};

const searchLoggedModels: Workload = {
  id: "search-models",
  title: "`logged-models/search`: a param among 1,000 models, 50",
  unit: "ms",
  targets: { mlflow: 3 },
  data: "empty",
  servers: SERVERS,
  measure: async (server, { seconds }) => {
    const { port } = server;
    const experimentId = await withConnection(port, (connection) => createExperiment(connection, freshName("models")));
    const indices = Array.from({ length: MODELS }, (_, index) => index);
    await forEachItem(port, CLIENTS, indices, async ({ connection }, index) => {
      const params = [
        { key: "index", value: String(index) },
        { key: "part", value: String(index % 10) },
      ];
      const model = { experiment_id: experimentId, name: `model-${index}`, params };
      await postJson(connection, "/logged-models", model);
    });
    return withConnection(port, async (connection) => {
      const body = {
        experiment_ids: [experimentId],
        filter: "params.part = '7'",
        order_by: [{ field_name: "name", ascending: true }],
        max_results: MODELS_PAGE,
      };
      const expected = indices
        .filter((index) => index % 10 === 7)
        .map((index) => `model-${index}`)
        .sort()
        .slice(0, MODELS_PAGE);
      const request = render("POST", `${API}/logged-models/search`, port, JSON.stringify(body));
      return timeRequests(server, connection, request, seconds, (answer) => {
        const { models } = parseBody<{ models: readonly LoggedModel[] }>(answer, "a search");
        requireEqual(models.map(({ info }) => info.name).join(), expected.join(), "the models of a page");
        for (const { data } of models) requireEqual(data?.params?.length, 2, "params of a model");
      });
    });
  },
};

export const registryWorkloads: readonly Workload[] = [registerModel, searchVersions, searchLoggedModels];
