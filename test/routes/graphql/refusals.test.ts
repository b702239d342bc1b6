import { beforeAll, expect, test } from "vitest";
import { expectMlflowError, fetchWorker, newExperiment, newRun } from "../../helpers/mlflow.ts";
import { ask, GET_RUN, graphql } from "./queries.ts";

let experimentId: string;
let runId: string;
beforeAll(async () => {
  experimentId = await newExperiment({ tags: [{ key: "team", value: "a" }] });
  runId = await newRun({ experiment_id: experimentId, run_name: "swift", start_time: 5, user_id: "ada" });
});

const aliased = (count: number) => Array.from({ length: count }, (_, i) => `a${i}: runName`).join(" ");
const roots = (count: number) => Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(" ");
const inRun = (fields: string) =>
  `query A($i: MlflowGetRunInput!) { mlflowGetRun(input: $i) { run { info { ${fields} } } } }`;

test.each([
  ["ten root fields and ten aliases", `{ ${roots(10)} }`],
  ["ten aliases below", inRun(aliased(10))],
])("a document with %s is answered", async (_what, query) => {
  expect((await ask(query, { i: { runId } })).errors).toBeNull();
});

test.each<[string, string, string]>([
  ["an unknown root field", "{ foo }", "foo"],
  ["a field of Object.prototype", "{ constructor }", "constructor"],
  ["an unknown field", inRun("foo"), "foo"],
  ["an inherited field", inRun("toString"), "toString"],
  ["an object without fields", "query A($i: MlflowGetRunInput) { mlflowGetRun(input: $i) { run } }", "subfields"],
  ["fields of a scalar", inRun("runName { a }"), "runName"],
  ["two operations and no name", "query A { __typename } query B { __typename }", "operation name"],
  ["an unknown fragment", "{ ...f }", "f"],
  ["a fragment of itself", "{ ...f } fragment f on Query { ...f }", "f"],
  [
    "fragments of one another, deeper each",
    "{ ...f } fragment f on Query { test { ...g } } fragment g on Test { ...f test { ...g } }",
    "depth",
  ],
  ["an undeclared variable", "{ mlflowGetRun(input: $j) { __typename } }", "$j"],
  ["an unknown type", "query A($i: I!) { mlflowGetRun(input: $i) { __typename } }", "I"],
  ["a directive of another schema", inRun("runName @include(if: true)"), "@include"],
  ["a subscription", "subscription { runs }", "subscription"],
  ["eleven root fields", `{ ${roots(11)} }`, "root fields"],
  [
    "eleven root fields in fragments",
    `{ ...a ...b } fragment a on Query { ${roots(10)} } fragment b on Query { b: __typename }`,
    "at most 10",
  ],
  ["eleven root fields in two operations", `query A { ${roots(10)} } query B { __typename }`, "root fields"],
  ["eleven aliases", inRun(aliased(11)), "aliases"],
  ["eleven aliases in fragments", inRun(`${aliased(10)} ... on MlflowRunInfo { b: runId }`), "aliases"],
  ["ten levels and one", `{ ${"a { ".repeat(10)} a ${"}".repeat(11)}`, "depth"],
  ["a thousand fields and one", inRun("runId ".repeat(1000)), "1000"],
])("a document with %s is refused", async (_what, query, reason) => {
  const { data, errors } = await ask(query, { i: { runId } });
  expect(data).toBeNull();
  expect(errors?.join()).toContain(reason);
});

test.each<[string, unknown]>([
  ["no variables", undefined],
  ["null", null],
  ["another variable", { other: {} }],
  ["a wrong type", { data: { runId: 5 } }],
  ["an unknown field", { data: { runId: "a", foo: "b" } }],
])("variables with %s are refused", async (_what, variables) => {
  const { data, errors } = await graphql({ query: GET_RUN, variables });
  expect(data).toBeNull();
  expect(errors).toHaveLength(1);
});

test.each([
  "null",
  "[]",
  "5",
  "true",
  '"x"',
  "{",
  "{}",
  '{"query":null}',
  '{"query":""}',
  '{"query":5}',
  '{"query":["a","b"]}',
  '[{"query":"{ __typename }"}]',
  ...['"x"', '"[]"', '"5"', "[]", "5", "true", `"${"[".repeat(20_000)}"`].map(
    (variables) => `{"query":"{ __typename }","variables":${variables}}`,
  ),
  '{"query":"{ __typename }","operationName":5}',
  ...[
    "{ mlflowGetRun { __typename",
    "# nothing",
    "{ a: }",
    "a ".repeat(4001),
    "{ a ".repeat(1900),
    `{ test(a: ${"[".repeat(3900)}`,
  ].map((query) => JSON.stringify({ query })),
])("the body %j is a 400", async (body) => {
  const headers = { "Content-Type": "application/json" };
  await expectMlflowError(fetchWorker("/graphql", { method: "POST", headers, body }), "INVALID_PARAMETER_VALUE");
});

test.each(["x", "[]", "{"])("variables of %j in a query string are a 400", async (variables) => {
  const search = new URLSearchParams({ query: "{ __typename }", variables });
  await expectMlflowError(fetchWorker(`/graphql?${search}`), "INVALID_PARAMETER_VALUE");
});

test("variables of null in a query string are none", async () => {
  const response = await fetchWorker(`/graphql?${new URLSearchParams({ query: "{ __typename }", variables: "null" })}`);
  expect(await response.json()).toEqual({ data: { __typename: "Query" }, errors: null });
});
