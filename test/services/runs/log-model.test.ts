import { expect, test } from "vitest";
import { expectMlflowError, type Message, mlflow, newRun, send, tagsOf } from "../../helpers/mlflow.ts";

const refuse = (endpoint: string, message: Message) =>
  expectMlflowError(send(endpoint, message), "INVALID_PARAMETER_VALUE");

const modelJson = JSON.stringify({ artifact_path: "m", flavors: {}, utc_time_created: "", run_id: "r" });

test("logged models are listed in the run's tag, without what searches do not need, and none is lost", async () => {
  const run_id = await newRun();
  const model = (name: string) => ({
    run_id,
    artifact_path: name,
    utc_time_created: "2020-01-01",
    flavors: { sklearn: { version: "1", config: { a: 1 } } },
    signature: { inputs: "x".repeat(20_000) },
  });
  const names = Array.from({ length: 12 }, (_, i) => ({ name: `model ${i} ${"n".repeat(1000)}` }));
  await Promise.all(
    names.map(({ name }) => mlflow("runs/log-model", { run_id, model_json: JSON.stringify(model(name)) })),
  );
  const history = JSON.parse((await tagsOf(run_id))["mlflow.log-model.history"] ?? "") as Message[];
  expect(history.map((logged) => logged.artifact_path).sort()).toEqual(names.map(({ name }) => name).sort());
  expect(history[0]).toEqual({
    run_id,
    artifact_path: history[0]?.artifact_path,
    utc_time_created: "2020-01-01",
    model_uuid: null,
    flavors: { sklearn: { version: "1" } },
  });
});

test.each(["nope", "[]", "5", "null", "{}", '{"artifact_path":"m"}', modelJson.replace("{}", "[]")])(
  "%s is no model",
  async (model_json) => {
    const run_id = await newRun();
    await refuse("runs/log-model", { run_id, model_json });
    expect(await tagsOf(run_id)).not.toHaveProperty("mlflow.log-model.history");
  },
);

test("a history of models that is no list, or is too long, is left alone", async () => {
  const run_id = await newRun();
  for (const value of ["no JSON", '{"a":1}']) {
    await mlflow("runs/set-tag", { run_id, key: "mlflow.log-model.history", value });
    await refuse("runs/log-model", { run_id, model_json: modelJson });
    expect((await tagsOf(run_id))["mlflow.log-model.history"]).toBe(value);
  }
  const huge = modelJson.replace('"m"', JSON.stringify("m".repeat(50_001)));
  await refuse("runs/log-model", { run_id, model_json: huge });
});
