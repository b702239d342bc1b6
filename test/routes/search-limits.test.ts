import { describe, expect, test } from "vitest";
import { createRun, expectMlflowError, type Message, mlflow, newExperiment, send } from "../helpers/mlflow.ts";

/** A request that no database can take is the client's error: a 400, which clients do not repeat. */
describe("searches beyond all limits are refused", () => {
  const million = 999_990;
  test.each<[string, string, Message]>([
    ["600,000 experiments", "runs/search", { experiment_ids: Array.from({ length: 600_000 }, (_, i) => String(i)) }],
    ["models of 600,000 experiments", "logged-models/search", { experiment_ids: Array(600_000).fill("1") }],
    ["a value of a million", "runs/search", { experiment_ids: ["0"], filter: `tags.t = '${"€".repeat(million)}'` }],
    [
      "a pattern of a million",
      "runs/search",
      { experiment_ids: ["0"], filter: `tags.t LIKE '${"ü%".repeat(400_000)}'` },
    ],
    [
      "a list of controls",
      "runs/search",
      { experiment_ids: ["0"], filter: `run_id IN ('${"\u0001".repeat(900_000)}')` },
    ],
    ["a key of a million", "runs/search", { experiment_ids: ["0"], order_by: [`metrics.\`${"€".repeat(million)}\``] }],
    ["experiments by a million", "experiments/search", { max_results: 1, filter: `name != '${"€".repeat(million)}'` }],
    ["datasets of 600,000 experiments", "experiments/search-datasets", { experiment_ids: Array(600_000).fill("1") }],
  ])("%s", async (_name, endpoint, message) => {
    const text = await expectMlflowError(send(endpoint, message, "POST"), "INVALID_PARAMETER_VALUE");
    expect(text.length).toBeLessThan(2000);
  });
});

test("the second page of the largest search comes by the first one's token", async () => {
  const experiment_id = await newExperiment();
  const longest = "\u0001".repeat(7999);
  const tags = Array.from({ length: 10 }, (_, index) => ({ key: `t${index}`, value: longest }));
  const runs = [];
  for (const user_id of ["a", "b", "c"]) runs.push(await createRun({ experiment_id, user_id, tags }));
  const search = {
    experiment_ids: [experiment_id],
    filter: Array.from({ length: 60 }, (_, index) => `params.k${index} IS NULL`).join(" AND "),
    order_by: Array.from({ length: 10 }, (_, index) => `tags.t${index} DESC`),
    max_results: 1,
  };
  const found: string[] = [];
  let page_token: string | undefined;
  do {
    const page: { runs?: { info: { run_id: string } }[]; next_page_token?: string } = await mlflow("runs/search", {
      ...search,
      page_token,
    });
    found.push(...(page.runs ?? []).map(({ info }) => info.run_id));
    page_token = page.next_page_token;
  } while (page_token !== undefined);
  expect(found.toSorted()).toEqual(runs.map(({ info }) => info.run_id).toSorted());
});
