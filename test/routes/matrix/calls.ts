import { ROUTES } from "../../../src/routes/table.ts";
import { type Caller, PASSWORD } from "../../helpers/users.ts";
import type { Row } from "./needs.ts";

/* Calls to every route, whose messages are valid and name the same things. */

/** The row's name of a route. */
const nameOf = (method: string, path: string): string => `${method} ${path.replace("/api/2.0/", "")}`;

export const ENDPOINTS = ROUTES.map(({ method, paths }) => ({ method, paths, name: nameOf(method, paths[0] ?? "") }));

export interface Things {
  readonly experimentId: string;
  readonly experimentName: string;
  readonly runId: string;
  readonly modelId: string;
  readonly name: string;
}

/** An experiment with a run and a logged model, and a registered model. */
export async function newThings(admin: Caller): Promise<Things> {
  const mlflow = (path: string) => `/api/2.0/mlflow/${path}`;
  const [experimentName, name] = [`experiment ${crypto.randomUUID()}`, `model ${crypto.randomUUID()}`];
  const { experiment_id } = await admin.ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), {
    name: experimentName,
  });
  const { run } = await admin.ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), {
    experiment_id,
  });
  const { model } = await admin.ask<{ model: { info: { model_id: string } } }>("POST", mlflow("logged-models"), {
    ...{ experiment_id, name: "m" },
  });
  await admin.ask("POST", mlflow("registered-models/create"), { name });
  return {
    ...{ experimentId: experiment_id, experimentName, name },
    ...{ runId: run.info.run_id, modelId: model.info.model_id },
  };
}

/** Fields that make every route's message valid, and that name the things by every field of any route. */
export function fieldsFor(things: Things, row: Row, username: string): Record<string, unknown> {
  const { experimentId, experimentName, runId, modelId, name } = things;
  const all: Record<string, unknown> = {
    ...{ experiment_id: experimentId, experiment_ids: [experimentId], experiment_name: experimentName },
    ...{
      run_id: runId,
      run_uuid: runId,
      run_ids: [runId],
      new_name: "x",
      name,
      version: "1",
      alias: "a",
      stage: "Staging",
    },
    ...{ key: "k", value: "1", timestamp: 1, metric_key: "m", metric_keys: ["m"], group_of: [0], path: "a.txt" },
    ...{
      artifact_file_path: "a.txt",
      num_parts: 1,
      upload_id: "u",
      parts: [],
      model_json: "{}",
      models: [],
      datasets: [],
    },
    ...{ username, password: PASSWORD, current_password: PASSWORD, is_admin: false, workspace: "default" },
    ...{ resource_type: "experiment", resource_id: experimentId, resource_pattern: experimentId, permission: "READ" },
    ...{
      role_id: 1,
      role_permission_id: 1,
      token_id: "x",
      link_id: "x",
      scopes: ["read"],
      sign_in_id: 1,
      secret: "x",
      token: "x",
    },
    ...{
      records: [],
      table: "runs",
      id: "x",
      columns: [],
      rows: [],
      sequences: {},
      params: [],
      expires_in_seconds: 60,
    },
    ...{ query: `{ mlflowGetRun(input: {runId: "${runId}"}) { run { info { runId } } } }` },
    ...row.fields,
  };
  return Object.fromEntries(
    Object.entries(all).map(([field, value]) => {
      if (value === "@experiment") return [field, experimentId];
      return [field, value === "@model" ? modelId : value];
    }),
  );
}

/** The target of a call to a path of a route. */
export function targetOf({ experimentId, runId, modelId }: Things, path: string): string {
  return path
    .replace(":run_id", runId)
    .replace(":model_id", modelId)
    .replace(/:\w+/g, "aaaaaaaaaaaa")
    .replace(
      /\/\*$/,
      path.includes("/mpu/") ? `/${experimentId}/${runId}/artifacts` : `/${experimentId}/${runId}/artifacts/a.txt`,
    );
}
