import type { Json, JsonObject } from "./json.ts";
import type { Call } from "./shapes.ts";
import { type Answer, isObject } from "./symbols.ts";

/** The answers of both servers to one call. */
export interface Exchange {
  readonly call: Call;
  readonly mlflow: Answer;
  readonly trackflare: Answer;
}

/** Removes an intended difference from an exchange. Returns the same object if the difference does not occur. */
export type Equaliser = (exchange: Exchange) => Exchange;

/** The whole answers may differ if `holds` is true. */
export function where(holds: (exchange: Exchange) => boolean): Equaliser {
  return (exchange) => (holds(exchange) ? { ...exchange, trackflare: exchange.mlflow } : exchange);
}

/** Applies `change` to every object in both bodies, the innermost first. */
export function inBodies(change: (object: JsonObject) => JsonObject): Equaliser {
  const through = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(through);
    if (!isObject(value)) return value;
    return change(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, through(item)])));
  };
  const inBody = (answer: Answer): Answer =>
    answer.body === undefined ? answer : { ...answer, body: through(answer.body) };
  return ({ call, mlflow, trackflare }) => ({ call, mlflow: inBody(mlflow), trackflare: inBody(trackflare) });
}

export function without(name: string, object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

export function isEmpty(value: Json | undefined): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

/** The files and folders that an answer lists, at whatever depth: GraphQL's list is deeper than REST's. */
export function filesOf({ body }: Answer): readonly Json[] {
  const below = (value: Json | undefined): Json[] => {
    if (Array.isArray(value)) return value.flatMap(below);
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([name, item]) =>
      name === "files" && Array.isArray(item) ? item : below(item),
    );
  };
  return below(body);
}

const UNORDERED = [
  ...["metrics", "params", "tags", "dataset_inputs", "latest_versions", "model_outputs"],
  ...["datasetInputs", "modelInputs", "modelOutputs"],
];

function datasetName(dataset: Json | undefined): string {
  return isObject(dataset) ? `${dataset.name} ${dataset.digest}` : "";
}

/** The object with one of its lists sorted by `key`. The sort is stable. */
function sortedList(name: string, key: (item: Json) => string, object: JsonObject): JsonObject {
  const list = object[name];
  if (!Array.isArray(list)) return object;
  return { ...object, [name]: list.toSorted((a: Json, b: Json) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)) };
}

/** Sorts one list by `key`, in the answers to one operation. */
export function sortedIn(operation: string, list: string, key: (item: Json) => string): Equaliser {
  const inLists = inBodies((object) => sortedList(list, key, object));
  return (exchange) => (exchange.call.operation.name === operation ? inLists(exchange) : exchange);
}

/** A sort key: the text of an object's field. */
export function field(name: string): (item: Json) => string {
  return (item) => (isObject(item) ? String(item[name]) : "");
}

/** Sorts the metrics, params and tags of a run, an experiment or a registered model by key. */
export function sortedByKey(object: JsonObject): JsonObject {
  if ("next_page_token" in object) return object;
  return Object.fromEntries(
    Object.entries(object).map(([name, list]) => {
      if (!UNORDERED.includes(name) || !Array.isArray(list)) return [name, list];
      const key = (item: Json) =>
        isObject(item)
          ? String(item.key ?? item.version ?? item.model_id ?? item.modelId ?? datasetName(item.dataset))
          : "";
      return [name, sortedList(name, key, { [name]: list })[name] ?? null];
    }),
  );
}

export const isRefusal = ({ status }: Answer) => status >= 400 && status < 500;
