import {
  type Equaliser,
  field,
  filesOf,
  inBodies,
  isEmpty,
  isRefusal,
  sortedByKey,
  sortedIn,
  where,
  without,
} from "./equalise.ts";
import { type Json, jsonText } from "./json.ts";
import { isObject } from "./symbols.ts";

/** An intended difference. */
export interface Difference {
  readonly name: string;
  readonly reason: string;
  readonly equalise: Equaliser;
}

/** Whether all GraphQL errors are about values that are not numbers. */
function isOfNan(errors: Json | undefined): boolean {
  return Array.isArray(errors) && errors.length > 0 && errors.every((error) => /: nan\b/.test(String(error)));
}

/** The intended differences, in the order in which the test looks for them. */
export const DIFFERENCES: readonly Difference[] = [
  {
    name: "workspaces",
    reason: "There are none; MLflow names the default one where workspaces are off too, and no client reads it.",
    equalise: inBodies((object) => (object.workspace === "default" ? without("workspace", object) : object)),
  },
  {
    name: "order of what belongs to a run, experiment or model",
    reason: "MLflow's is the order in which its database happens to keep them; here it is by key.",
    equalise: inBodies(sortedByKey),
  },
  {
    name: "outputs of a new run",
    reason: "MLflow leaves the empty message out of this one answer; here a run looks the same in each.",
    equalise: (exchange) =>
      exchange.call.operation.name === "runs/create"
        ? inBodies((object) => (isEmpty(object.outputs) ? without("outputs", object) : object))(exchange)
        : exchange,
  },
  {
    name: "the body of an answered upload",
    reason: "MLflow's is empty, not the empty message that its protocol says; clients read neither.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name.endsWith(" upload") && mlflow.body === "" && isEmpty(trackflare.body),
    ),
  },
  {
    name: "NaN in GraphQL",
    reason: "Its numbers know none: null in both, beside which MLflow tells an error.",
    equalise: (exchange) =>
      exchange.call.target === "/graphql"
        ? inBodies((object) => (isOfNan(object.errors) ? { ...object, errors: null } : object))(exchange)
        : exchange,
  },
  {
    name: "messages of GraphQL's errors",
    reason: "Each server's own, as those of all errors.",
    equalise: (exchange) =>
      exchange.call.target === "/graphql"
        ? inBodies((object) => (Array.isArray(object.errors) ? { ...object, errors: object.errors.length } : object))(
            exchange,
          )
        : exchange,
  },
  {
    name: "types of GraphQL's introspection",
    reason: "Each server's library has those of its own edition of the specification.",
    equalise: (exchange) =>
      exchange.call.operation.name === "graphql introspection"
        ? inBodies((object) => (String(object.name).startsWith("__") ? { name: object.name! } : object))(exchange)
        : exchange,
  },
  {
    name: "order of found datasets",
    reason:
      "MLflow's is the one in which its database happens to find them; here it is by experiment, name and digest.",
    equalise: sortedIn("experiments/search-datasets", "dataset_summaries", jsonText),
  },
  {
    name: "order of datasets found by GraphQL",
    reason: "The same.",
    equalise: sortedIn("graphql mlflowSearchDatasets", "datasetSummaries", jsonText),
  },
  {
    name: "order of latest versions",
    reason: "MLflow's is that in which it came upon their stages; here it is by version.",
    equalise: sortedIn("registered-models/get-latest-versions", "model_versions", field("version")),
  },
  {
    name: "order of several runs' histories",
    reason: "It is by run id, and the ids are each server's own.",
    equalise: sortedIn("metrics/get-history-bulk", "metrics", field("run_id")),
  },
  {
    name: "runViewType in GraphQL",
    reason: "MLflow's own error; here it is as in runs/search.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name === "graphql mlflowSearchRuns" &&
        jsonText(call.message).includes("runViewType") &&
        isObject(mlflow.body) &&
        mlflow.body.errors === 1 &&
        trackflare.status === 200,
    ),
  },
  {
    name: "artifacts of a version by its run",
    reason: "MLflow's own error where the source is `runs:/…`; here the run's artifact.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name === "model-versions/get-artifact" && mlflow.status >= 500 && trackflare.status === 200,
    ),
  },
  {
    name: "an error of MLflow's own",
    reason: "MLflow answers 5xx, which its client repeats for minutes; a request that cannot succeed is a 4xx here.",
    equalise: where(({ mlflow, trackflare }) => mlflow.status >= 500 && isRefusal(trackflare)),
  },
  {
    name: "wrongly typed fields",
    reason: "MLflow drops such a field, or everything after it; a field that cannot be read is a 400 here.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.shapes.some((shape) => shape.startsWith("wrong type")) &&
        mlflow.status < 500 &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "integers as decimal texts",
    reason: "MLflow's own errors on '1.0' in some fields, where others take it; here all do.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.shapes.some((shape) => shape.startsWith("wrong type")) &&
        jsonText(call.message).includes('"1.0"') &&
        mlflow.status >= 500 &&
        trackflare.status === 200,
    ),
  },
  {
    name: "experiment ids as numbers",
    reason: "Clients of the 1.x era send them.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        /"experiment_?ids?":(\[[^\]]*)?-?\b\d+[,}\]]/i.test(jsonText(call.message).replaceAll(/"\d+"/g, '""')) &&
        (mlflow.errorCode === "INVALID_PARAMETER_VALUE" || mlflow.status === 200) &&
        trackflare.status < 500,
    ),
  },
  {
    name: "camelCase of required fields",
    reason: "MLflow looks for required fields by their snake_case names only; here every field has both.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.shapes.includes("camelCase of all fields") &&
        mlflow.errorCode === "INVALID_PARAMETER_VALUE" &&
        trackflare.status < 500,
    ),
  },
  {
    name: "experiments/search without max_results",
    reason: "Older clients leave it out.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name === "experiments/search" &&
        (call.message.max_results === undefined || call.body === "") &&
        mlflow.errorCode === "INVALID_PARAMETER_VALUE" &&
        trackflare.status === 200,
    ),
  },
  {
    name: "filters beyond MLflow's grammar",
    reason: "OR, NOT, brackets and functions of metrics: docs/search.md.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        /\bOR\b|\bNOT\b|(?<!\bIN )\(/i.test(
          jsonText([call.message.filter ?? "", call.message.order_by ?? call.message.orderBy ?? ""]),
        ) &&
        mlflow.errorCode === "INVALID_PARAMETER_VALUE" &&
        trackflare.status === 200,
    ),
  },
  {
    name: "repeated tags of a new run",
    reason:
      "MLflow's database refuses the second, also where it is the mlflow.runName that MLflow adds beside an empty one; here the last stays.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name === "runs/create" && mlflow.errorCode === "BAD_REQUEST" && trackflare.status < 500,
    ),
  },
  {
    name: "a body where MLflow reads the query only",
    reason: "Old clients send a GET's message as its body; here every GET takes it.",
    equalise: where(
      ({ call, mlflow }) =>
        ["metrics/get-history-bulk", "metrics/get-history-bulk-interval", "get-artifact"].includes(
          call.operation.name,
        ) &&
        call.body !== undefined &&
        mlflow.status < 500,
    ),
  },
  {
    name: "IS NULL of a registered model's tag",
    reason: "MLflow refuses it; here it is as for runs.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        /IS NULL/i.test(String(call.message.filter)) &&
        mlflow.errorCode === "INVALID_PARAMETER_VALUE" &&
        trackflare.status === 200,
    ),
  },
  {
    name: "deletion of a tag that cannot be",
    reason: "A key that is too long is a 400, whatever is done with it.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name.endsWith("delete-tag") &&
        String(call.message.key).length > 250 &&
        mlflow.status < 500 &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "repeated outputs",
    reason: "MLflow's database refuses what a client repeats whose answer was lost.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name === "runs/outputs" && mlflow.errorCode === "BAD_REQUEST" && trackflare.status === 200,
    ),
  },
  {
    name: "an empty run_id beside run_uuid",
    reason: "The name that has a value counts.",
    equalise: where(
      ({ call, mlflow }) =>
        call.message.run_id === "" && Boolean(call.message.run_uuid) && mlflow.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "folders that are left empty",
    reason: "A folder is there while it has a file; MLflow's local store keeps it.",
    equalise: (exchange) => {
      const known = new Set(filesOf(exchange.trackflare).map((file) => jsonText(file)));
      const isLeftEmpty = (file: Json) =>
        isObject(file) && (file.is_dir === true || file.isDir === true) && !known.has(jsonText(file));
      const { mlflow } = inBodies((object) => {
        if (!Array.isArray(object.files)) return object;
        const files = object.files.filter((file) => !isLeftEmpty(file));
        if (files.length === object.files.length) return object;
        const isGraphql = object.files.some((file) => isObject(file) && "isDir" in file);
        // REST leaves an empty list out.
        return files.length === 0 && !isGraphql ? without("files", object) : { ...object, files };
      })(exchange);
      return { ...exchange, mlflow };
    },
  },
  {
    name: "aliases of found model versions",
    reason: "MLflow's search leaves them out, though a version has them everywhere else.",
    equalise: (exchange) =>
      exchange.call.operation.name === "model-versions/search"
        ? inBodies((object) => without("aliases", object))(exchange)
        : exchange,
  },
  {
    name: "searches for less than one",
    reason: "MLflow takes it for no limit, or for no rows, and promises a next page.",
    equalise: where(
      ({ call, trackflare }) =>
        ["registered-models/search", "logged-models/search"].includes(call.operation.name) &&
        Number(call.message.max_results ?? call.message.maxResults) < 1 &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "camelCase in a query",
    reason: "MLflow ignores it there, and takes it in a body; here both are read alike.",
    equalise: where(
      ({ call }) => call.target.includes("?") && call.shapes.some((shape) => shape.startsWith("camelCase")),
    ),
  },
  {
    name: "bodies that are no JSON object",
    reason: "MLflow reads them as the empty message.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.shapes.includes("malformed body") &&
        mlflow.status < 500 &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "get-history-bulk without a key",
    reason: "An empty metric_key names no metric; MLflow takes it for one that no run has.",
    equalise: where(
      ({ call, trackflare }) =>
        call.operation.name === "metrics/get-history-bulk" &&
        call.message.metric_key === "" &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "limits of a new run's name and tags",
    reason: "MLflow checks and cuts them only when they are set later; its databases other than SQLite refuse them.",
    equalise: where(
      ({ call, mlflow }) =>
        call.operation.name === "runs/create" &&
        mlflow.status === 200 &&
        /x{8001}|k{251}|"key":""/.test(jsonText(call.message)),
    ),
  },
  {
    name: "get-artifact without a run, version or path",
    reason: "MLflow looks for the run or version first, also for one that is not named, or answers in HTML.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name.endsWith("get-artifact") &&
        (/path=$/.test(call.target) ||
          (call.operation.name === "get-artifact" && !(call.message.run_id && call.message.path))) &&
        isRefusal(mlflow) &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "download of a folder",
    reason: "MLflow's 400 says that it is not a file; here there is no such artifact.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        ["mlflow-artifacts download", "get-artifact"].includes(call.operation.name) &&
        mlflow.status === 400 &&
        trackflare.status === 404,
    ),
  },
  {
    name: "adjacent strings in a list",
    reason: "MLflow reads a list as Python, where 'a' 'b' is 'ab'; a forgotten comma is a 400 here.",
    equalise: where(
      ({ call, trackflare }) =>
        /IN \([^)]*' '/.test(String(call.message.filter)) && trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "size of an empty file",
    reason: "MLflow leaves a size of 0 out, as if it were not known.",
    equalise: inBodies((object) => (object.file_size === 0 ? without("file_size", object) : object)),
  },
  {
    name: "paths that are not canonical",
    reason: "One artifact has one path: empty parts and dots are a 400, not read as another path.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        /\/\/|(^|\/)\.\.?(\/|$)|\/$/.test(String(call.message.path)) &&
        mlflow.status < 500 &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "files where a run or a model has its folder",
    reason:
      "A file there would shut the run or model out of its own folder; MLflow's local store finds that out later.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        /^mlflow-artifacts (upload|delete)$/.test(call.operation.name) &&
        mlflow.status < 400 &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "params compared with numbers",
    reason: "A param that is compared with a number is read as one: docs/search.md.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        /\bparam(?:eter)?s?\.\S+ *[<>=!]+ *[\d.-]/.test(String(call.message.filter)) &&
        mlflow.errorCode === "INVALID_PARAMETER_VALUE" &&
        trackflare.status === 200,
    ),
  },
  {
    name: "input tags without a key",
    reason: "Nobody could name such a tag.",
    equalise: where(
      ({ call, trackflare }) =>
        call.operation.name === "runs/log-inputs" &&
        jsonText(call.message).includes('"key":""') &&
        trackflare.errorCode === "INVALID_PARAMETER_VALUE",
    ),
  },
  {
    name: "repeated input tags",
    reason: "MLflow's database refuses the second; here the last stays.",
    equalise: where(
      ({ call, mlflow, trackflare }) =>
        call.operation.name === "runs/log-inputs" && mlflow.errorCode === "BAD_REQUEST" && trackflare.status === 200,
    ),
  },
];
