import { Agent } from "node:http";
import { sendHttp } from "../../differential/http.ts";
import { type Json, type JsonObject, parseJson } from "../../differential/json.ts";

/** A server's answers to many requests, in a fixed order and spelling. */
export type Answers = ReadonlyMap<string, Json>;

type Run = JsonObject & {
  readonly info: { readonly run_id: string };
  readonly data?: { readonly metrics?: readonly { readonly key: string }[] };
};

/** Unordered lists by name, with the function that orders their items. */
const KEYS = ["key", "run_id", "model_id", "version", "alias", "experiment_id", "name", "path"];

/**
 * Reads everything that a server has through MLflow's API: every experiment, run, point, artifact, logged model, registered
 * model and version.
 */
export async function answersOf(url: string): Promise<Answers> {
  const agent = new Agent({ keepAlive: true });
  const answers = new Map<string, Json>();
  const ask = async (method: "GET" | "POST", target: string, body?: JsonObject): Promise<JsonObject> => {
    const headers = { "Content-Type": "application/json" };
    const call = { method, target, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const answer = await sendHttp(url, agent, call);
    if (answer.status !== 200) return { status: answer.status };
    return parseJson(answer.text) as JsonObject;
  };
  const all = async (
    method: "GET" | "POST",
    path: string,
    list: string,
    message: JsonObject,
  ): Promise<JsonObject[]> => {
    const items: JsonObject[] = [];
    for (let token = ""; ; ) {
      const asked = { ...message, ...(token !== "" && { page_token: token }) };
      const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
      const page = method === "GET" ? await ask("GET", `${path}?${query}`) : await ask("POST", path, asked);
      items.push(...((page[list] ?? []) as JsonObject[]));
      token = String(page.next_page_token ?? "");
      if (token === "") return items;
    }
  };
  const api = "/api/2.0/mlflow";
  const files = async (runId: string, path: string): Promise<void> => {
    const target = `${api}/artifacts/list?run_id=${runId}&path=${encodeURIComponent(path)}`;
    const listed = (await ask("GET", target)).files ?? [];
    for (const file of listed as { path: string; is_dir: boolean }[]) {
      answers.set(`artifact ${runId} ${file.path}`, sorted(file as unknown as Json));
      if (file.is_dir) await files(runId, file.path);
      else {
        const of = `/get-artifact?run_uuid=${runId}&path=${encodeURIComponent(file.path)}`;
        answers.set(
          `content ${runId} ${file.path}`,
          (await sendHttp(url, agent, { method: "GET", target: of, headers: {} })).text,
        );
      }
    }
  };

  const experiments = await all("POST", `${api}/experiments/search`, "experiments", {
    view_type: "ALL",
    max_results: 1000,
  });
  const ids = experiments.map((experiment) => String(experiment.experiment_id));
  for (const experiment of experiments) answers.set(`experiment ${experiment.experiment_id}`, sorted(experiment));
  for (const id of ids) {
    const runs = await all("POST", `${api}/runs/search`, "runs", {
      experiment_ids: [id],
      run_view_type: "ALL",
      max_results: 500,
    });
    for (const found of runs as unknown as Run[]) {
      const runId = found.info.run_id;
      answers.set(`found run ${runId}`, sorted(found));
      answers.set(`run ${runId}`, sorted(await ask("GET", `${api}/runs/get?run_id=${runId}`)));
      for (const { key } of found.data?.metrics ?? []) {
        const history = { run_id: runId, metric_key: key };
        const points = await all("GET", `${api}/metrics/get-history`, "metrics", history);
        answers.set(
          `history ${runId} ${key}`,
          points
            .map(sorted)
            .map((point) => point as JsonObject)
            .sort(byPoint),
        );
      }
      await files(runId, "");
    }
    const models = await all("POST", `${api}/logged-models/search`, "models", { experiment_ids: [id] });
    for (const model of models as { info?: { model_id?: string } }[]) {
      answers.set(`logged model ${model.info?.model_id}`, sorted(model as Json));
    }
  }
  const registered = await all("GET", `${api}/registered-models/search`, "registered_models", { max_results: 100 });
  for (const model of registered) {
    // Only the file store answers aliases here. Each version answers its aliases below.
    const latest = ((model.latest_versions ?? []) as JsonObject[]).map(({ aliases: _, ...version }) => version as Json);
    answers.set(`registered model ${model.name}`, sorted({ ...model, latest_versions: latest }));
  }
  const versions = await all("GET", `${api}/model-versions/search`, "model_versions", { max_results: 1000 });
  for (const { name, version } of versions) {
    const query = new URLSearchParams({ name: String(name), version: String(version) });
    answers.set(`version ${name} ${version}`, sorted(await ask("GET", `${api}/model-versions/get?${query}`)));
  }
  agent.destroy();
  return answers;
}

/** Locations differ if the files were copied into another store. */
export function withoutPlaces(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (name, value: unknown) =>
      typeof value === "bigint"
        ? `${value}`
        : ["artifact_uri", "artifact_location", "source"].includes(name)
          ? undefined
          : value,
    ),
  );
}

function byPoint(a: JsonObject, b: JsonObject): number {
  const order = (name: string) => (a[name]! < b[name]! ? -1 : a[name]! > b[name]! ? 1 : 0);
  return order("timestamp") || order("step") || order("value");
}

/** The answer with its unordered lists sorted, and without fields that only one kind of server sends. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) {
    const items = value.map(sorted) as Json[];
    return items.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
  }
  if (typeof value !== "object" || value === null) return value;
  const object = value as JsonObject;
  const fields = Object.entries(object).filter(([name]) => !isLeftOut(name, object));
  return Object.fromEntries(fields.map(([name, item]) => [name, sorted(stored(name, item))]).sort());
}

/**
 * MLflow sends a workspace, which is always the same here, and omits sizes and types that are empty. Its file store adds the
 * run to a metric, and the used models to a found run.
 */
function isLeftOut(name: string, object: JsonObject): boolean {
  if (name === "run_id") return "timestamp" in object && "step" in object && !("model_id" in object);
  if (name === "file_size" || name === "model_type") return !object[name];
  return name === "workspace" || name === "model_inputs";
}

/** A database stores an infinity as the greatest double. Only the file store answers an infinity. */
function stored(name: string, value: Json): Json {
  if (name !== "value" || typeof value !== "string" || !value.endsWith("Infinity")) return value;
  return value.startsWith("-") ? -Number.MAX_VALUE : Number.MAX_VALUE;
}

function nameOf(value: Json): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value) ?? "";
  const object = value as JsonObject;
  const { dataset } = object as { dataset?: JsonObject };
  return KEYS.map((key) => String(object[key] ?? dataset?.[key] ?? "")).join("\0");
}
