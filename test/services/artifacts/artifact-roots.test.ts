import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { findArtifactOwners } from "../../../src/services/artifacts/artifact-roots.ts";
import type { ServiceContext } from "../../../src/services/context.ts";
import {
  createRun,
  expectMlflowError,
  fetchWorker,
  getExperiment,
  mlflow,
  newExperiment,
  send,
} from "../../helpers/mlflow.ts";

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";
const encode = (key: string) => key.split("/").map(encodeURIComponent).join("/");
const put = (key: string, body = "x") => fetchWorker(`${PROXY}/${encode(key)}`, { method: "PUT", body });
const remove = (key: string) => fetchWorker(`${PROXY}/${encode(key)}`, { method: "DELETE" });
const refuse = (answer: Promise<Response>) => expectMlflowError(answer, "INVALID_PARAMETER_VALUE");

const create = (artifact_location: string) =>
  send("experiments/create", { name: crypto.randomUUID(), artifact_location });

test("what lies below two locations, as an older version let them be, belongs to both, whatever was looked up before", async () => {
  const [outer, inner] = [await newExperiment(), await newExperiment()];
  const place = `team-${crypto.randomUUID()}`;
  for (const [id, location] of [
    [outer, place],
    [inner, `${place}/in`],
  ]) {
    const sql = "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?";
    await env.DB.prepare(sql).bind(`mlflow-artifacts:/${location}`, id).run();
  }
  const ownersOf = async (key: string) =>
    (await findArtifactOwners({ db: env.DB } as ServiceContext, key)).map(({ experimentId }) => experimentId).sort();
  expect(await ownersOf(`${place}/a`)).toEqual([outer]);
  expect(await ownersOf(`${place}/in/a`)).toEqual([outer, inner].sort());
  expect(await ownersOf(`${place}/a`)).toEqual([outer]);
});

describe.each(["its own", "one with a number"])("of an experiment at %s", (kind) => {
  async function newLocation() {
    const experimentId = await newExperiment(
      kind === "its own" ? { artifact_location: `mlflow-artifacts:/team/${crypto.randomUUID()}` } : {},
    );
    const { artifact_location } = await getExperiment(experimentId);
    return { experimentId, location: artifact_location.replace("mlflow-artifacts:/", "") };
  }

  test("a file cannot take the place of a root that is or will be", async () => {
    const { experimentId, location } = await newLocation();
    const run = "0123456789abcdef0123456789abcdef";
    const roots = [
      "",
      `/${run}`,
      `/${run}/artifacts`,
      "/models",
      "/models/m-1",
      "/models/m-1/artifacts",
      "/traces/tr-1",
    ];
    for (const root of roots) await refuse(put(`${location}${root}`));
    const { info } = await createRun({ experiment_id: experimentId });
    for (const path of ["artifacts", "models", "traces"]) {
      expect((await put(`${location}/${info.run_id}/artifacts/a-${path}`)).status).toBe(200);
    }
    expect((await put(`${location}/${info.run_id}/artifacts/models`)).status).toBe(200);
    expect((await put(`${location}/models/m-1/artifacts/MLmodel`)).status).toBe(200);
  });

  test("its location is not deleted with one call, nor what is above", async () => {
    const { location } = await newLocation();
    await put(`${location}/models/m-1/artifacts/MLmodel`);
    await refuse(remove(location));
    await refuse(remove(location.replace(/\/[^/]*$/, "")));
    expect((await remove(`${location}/models`)).status).toBe(200);
  });
});

test("the folder of an experiment to come is kept for it", async () => {
  await refuse(put("99999/models"));
  await refuse(put("99999/0123456789abcdef0123456789abcdef/artifacts"));
  for (const location of ["99999", "99999/x"]) await refuse(create(`mlflow-artifacts:/${location}`));
});

test("locations of two experiments are neither equal nor one in the other", async () => {
  const folder = `teams/${crypto.randomUUID()}`;
  expect((await create(`mlflow-artifacts:/${folder}/a`)).status).toBe(200);
  for (const location of ["a", "a/", "/a", "a/below", "a/be/low", ""]) {
    expect(await refuse(create(`mlflow-artifacts:/${folder}/${location}`))).toContain("folder of its own");
  }
  for (const location of ["ab", "b/c", "a "]) {
    expect((await create(`mlflow-artifacts:/${folder}/${location}`)).status, location).toBe(200);
  }
});

test("of creations of one location at once, one succeeds", async () => {
  const folder = crypto.randomUUID();
  const answers = await Promise.all(
    ["", "", "/a", "/a/b"].map((below) => create(`mlflow-artifacts:/once/${folder}${below}`)),
  );
  const statuses = answers.map((answer) => answer.status).sort();
  await Promise.all(answers.map((answer) => answer.text()));
  expect(statuses).toEqual([200, 400, 400, 400]);
});

test("a refused location leaves the tags of an experiment of the same name alone", async () => {
  const folder = crypto.randomUUID();
  const name = `of ${folder}`;
  const artifact_location = `mlflow-artifacts:/tags/${folder}`;
  const { experiment_id } = await mlflow<{ experiment_id: string }>("experiments/create", { name, artifact_location });
  await refuse(send("experiments/create", { name, artifact_location, tags: [{ key: "a", value: "b" }] }));
  expect((await getExperiment(experiment_id)).tags ?? []).toEqual([]);
});

test("a location where artifacts lie already is nobody's", async () => {
  const folder = crypto.randomUUID();
  expect((await put(`found/${folder}/file`)).status).toBe(200);
  for (const location of [folder, `${folder}/file`, `${folder}/file/below`]) {
    expect(await refuse(create(`mlflow-artifacts:/found/${location}`))).toContain("lie there already");
  }
  expect((await create(`mlflow-artifacts:/found/${folder}/other`)).status).toBe(200);
});

describe("a location that clients reach by themselves", () => {
  test.each([
    ["s3://bucket/folder", "s3://bucket/folder/RUN/artifacts"],
    ["s3://bucket/folder/", "s3://bucket/folder/RUN/artifacts"],
    ["s3://bucket?endpoint=a%2Fb", "s3://bucket/RUN/artifacts?endpoint=a%2Fb"],
    ["gs://bucket", "gs://bucket/RUN/artifacts"],
    ["file:///shared", "file:///shared/RUN/artifacts"],
    ["/shared/mlruns", "/shared/mlruns/RUN/artifacts"],
  ])("%s is handed out as %s, by runs and models", async (location, root) => {
    const experiment_id = await newExperiment({ artifact_location: location });
    expect((await getExperiment(experiment_id)).artifact_location).toBe(location);
    const { info } = await createRun({ experiment_id });
    expect(info.artifact_uri).toBe(root.replace("RUN", info.run_id));
    const { model } = await mlflow<{ model: { info: { model_id: string; artifact_uri: string } } }>("logged-models", {
      experiment_id,
    });
    expect(model.info.artifact_uri).toBe(root.replace("RUN", `models/${model.info.model_id}`));
  });

  test("is never read by the server, which says so and gives no cause to repeat", async () => {
    const experiment_id = await newExperiment({ artifact_location: "s3://bucket/folder" });
    const { info } = await createRun({ experiment_id });
    const run = `run_id=${info.run_id}`;
    for (const target of [`/api/2.0/mlflow/artifacts/list?${run}`, `/get-artifact?${run}&path=a`]) {
      const response = await fetchWorker(target);
      expect(response.status).toBe(501);
      expect(await response.json()).toMatchObject({ message: expect.stringContaining(info.artifact_uri) });
    }
  });

  test("may be shared: the server keeps nothing there", async () => {
    for (let i = 0; i < 2; i++) expect((await create("s3://shared/folder")).status).toBe(200);
  });
});

describe("a model version's source that clients reach by themselves", () => {
  async function newVersion(source: string, message = {}) {
    const name = crypto.randomUUID();
    await mlflow("registered-models/create", { name });
    return send("model-versions/create", { name, source, ...message });
  }

  test.each(["s3://bucket/model", "gs://bucket/model", "dbfs:/models/a"])(
    "%s is handed out as it is",
    async (source) => {
      const response = await newVersion(source);
      expect(response.status).toBe(200);
      const { model_version } = await response.json<{
        model_version: { name: string; version: string; source: string };
      }>();
      expect(model_version.source).toBe(source);
      const { name, version } = model_version;
      const location = await mlflow("model-versions/get-download-uri", { name, version });
      expect(location).toEqual({ artifact_uri: source });
      const read = await fetchWorker(`/model-versions/get-artifact?name=${name}&version=${version}&path=MLmodel`);
      expect(read.status).toBe(501);
    },
  );

  test("of a local path is one in its run's artifacts", async () => {
    const experiment_id = await newExperiment({ artifact_location: "file:///shared" });
    const { info } = await createRun({ experiment_id });
    const mine = { run_id: info.run_id };
    for (const source of [`${info.artifact_uri}/model`, `/shared/${info.run_id}/artifacts`]) {
      expect((await newVersion(source, mine)).status).toBe(200);
      await refuse(newVersion(source));
    }
    for (const source of ["/shared", `/shared/${info.run_id}/artifacts2`, "file:///etc", `${info.artifact_uri}/../x`]) {
      await refuse(newVersion(source, mine));
    }
  });
});
