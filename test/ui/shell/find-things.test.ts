import { expect, test } from "vitest";
import { namedThings } from "../../../ui/src/shell/find-things.ts";

test("addresses name their pages by themselves", () => {
  const modelId = `m-${"0a".repeat(16)}`;
  for (const text of [modelId, `models:/${modelId}`]) {
    expect(namedThings(text)).toMatchObject([{ group: "Logged model", href: `#/logged-models/${modelId}` }]);
  }
  expect(namedThings("models:/churn risk (100%)/12")).toMatchObject([
    { group: "Model version", href: "#/models/churn%20risk%20(100%25)/versions/12" },
  ]);
  expect(["churn", "models:/churn@champion", "m-12", "runs:/0a0a/model"].flatMap(namedThings)).toEqual([]);
});
