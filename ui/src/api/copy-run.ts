import { artifactUrl, listArtifacts } from "./artifacts.ts";
import { getJson, MLFLOW, postJson, request } from "./client.ts";
import { type Dataset, deleteRun, getRun, type Metric, type Run, updateRun } from "./runs.ts";
import type { KeyValue } from "./wire.ts";

/** MLflow's limit for one batch. */
const METRICS_AT_ONCE = 1000;
const PARAMS_AT_ONCE = 100;
const POINTS_OF_PAGE = 25_000;
/** How many files are copied at a time. */
const FILES_AT_ONCE = 4;

/** The URI scheme of files that the server keeps. It does not keep files with other schemes. */
const OWN_FILES = "mlflow-artifacts:/";

/** The tag that names the original of a copied run. */
export const COPY_TAG = "trackflare.copiedFrom";

/**
 * Copies a run to another experiment: params, tags, every point of its metrics, datasets and files. The copy has a new id.
 * Logged models stay with the original. If something fails, the copy goes to the trash.
 * @param onProgress is called with the name of what is being copied.
 */
export async function copyRun(
  runId: string,
  experimentId: string,
  onProgress: (what: string) => void,
): Promise<Run["info"]> {
  const run = await getRun(runId);
  const { run_name, start_time, user_id, status, end_time } = run.info;
  const tags = [...(run.data.tags ?? []).filter(({ key }) => key !== COPY_TAG), { key: COPY_TAG, value: runId }];
  const { run: made } = await postJson<{ run: Run }>(`${MLFLOW}/runs/create`, {
    ...{ experiment_id: experimentId, run_name, start_time, user_id },
    tags,
  });
  const to = made.info.run_id;
  try {
    onProgress(`${run_name}: parameters`);
    await copyParams(run.data.params ?? [], to);
    for (const { key } of run.data.metrics ?? []) {
      onProgress(`${run_name}: ${key}`);
      await copyMetric(runId, key, to);
    }
    await copyInputs(run, to);
    await copyFiles(run, made, (path) => onProgress(`${run_name}: ${path}`));
    if (status === "RUNNING") return made.info;
    return await updateRun({ run_id: to, status, ...(end_time !== undefined && { end_time }) });
  } catch (error) {
    await deleteRun({ run_id: to });
    throw error;
  }
}

async function copyParams(params: readonly KeyValue[], to: string): Promise<void> {
  for (let from = 0; from < params.length; from += PARAMS_AT_ONCE) {
    await postJson(`${MLFLOW}/runs/log-batch`, { run_id: to, params: params.slice(from, from + PARAMS_AT_ONCE) });
  }
}

async function copyMetric(runId: string, key: string, to: string): Promise<void> {
  let token: string | undefined;
  do {
    const page = await getJson<{ metrics?: Metric[]; next_page_token?: string }>(`${MLFLOW}/metrics/get-history`, {
      ...{ run_id: runId, metric_key: key, max_results: POINTS_OF_PAGE },
      page_token: token,
    });
    const points = page.metrics ?? [];
    for (let from = 0; from < points.length; from += METRICS_AT_ONCE) {
      await postJson(`${MLFLOW}/runs/log-batch`, { run_id: to, metrics: points.slice(from, from + METRICS_AT_ONCE) });
    }
    token = page.next_page_token || undefined;
  } while (token !== undefined);
}

async function copyInputs({ inputs }: Run, to: string): Promise<void> {
  const datasets: readonly { dataset: Dataset; tags?: KeyValue[] }[] = inputs?.dataset_inputs ?? [];
  if (datasets.length > 0) await postJson(`${MLFLOW}/runs/log-inputs`, { run_id: to, datasets });
}

async function copyFiles(from: Run, to: Run, onFile: (path: string) => void): Promise<void> {
  const paths = await filesOf(from.info.run_id);
  if (paths.length === 0) return;
  const root = to.info.artifact_uri;
  if (!root.startsWith(OWN_FILES)) {
    throw new Error("The other experiment keeps its files elsewhere, where this page cannot write.");
  }
  const folder = root.slice(OWN_FILES.length).replace(/^\/+/, "");
  const waiting = paths.values();
  const work = async (): Promise<void> => {
    for (const path of waiting) {
      onFile(path);
      const file = await request(artifactUrl({ kind: "run", runId: from.info.run_id }, path));
      const address = [...folder.split("/"), ...path.split("/")].map(encodeURIComponent).join("/");
      await request(`api/2.0/mlflow-artifacts/artifacts/${address}`, { method: "PUT", body: await file.blob() });
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, work));
}

/** The paths of all files of a run, folder by folder. */
async function filesOf(runId: string): Promise<string[]> {
  const paths: string[] = [];
  const folders = [""];
  for (const folder of folders) {
    for (const { path, is_dir } of (await listArtifacts({ kind: "run", runId }, folder)).files) {
      if (is_dir) folders.push(path);
      else paths.push(path);
    }
  }
  return paths;
}
