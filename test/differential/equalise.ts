import type { Json, JsonObject } from "./json.ts";
import type { Call } from "./shapes.ts";
import { type Answer, isObject } from "./symbols.ts";

/** What both servers answered to one call. */
export interface Exchange {
  readonly call: Call;
  readonly mlflow: Answer;
  readonly trackflare: Answer;
}

/** What an exchange would be without a difference; the same object where the difference does not show. */
export type Equaliser = (exchange: Exchange) => Exchange;

/** The answers may differ as a whole where `holds`. */
export function where(holds: (exchange: Exchange) => boolean): Equaliser {
  return (exchange) => (holds(exchange) ? { ...exchange, trackflare: exchange.mlflow } : exchange);
}

/** Every object in both bodies goes through `change`, the innermost first. */
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

/** The object with one of its lists sorted by what `key` says; equal items stay as they are. */
function sortedList(name: string, key: (item: Json) => string, object: JsonObject): JsonObject {
  const list = object[name];
  if (!Array.isArray(list)) return object;
  return { ...object, [name]: list.toSorted((a: Json, b: Json) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)) };
}

/** In the answers to one operation, one of their lists sorted by what `key` says. */
export function sortedIn(operation: string, list: string, key: (item: Json) => string): Equaliser {
  const inLists = inBodies((object) => sortedList(list, key, object));
  return (exchange) => (exchange.call.operation.name === operation ? inLists(exchange) : exchange);
}

/** The text of an object's field, to sort by. */
export function field(name: string): (item: Json) => string {
  return (item) => (isObject(item) ? String(item[name]) : "");
}

/** What belongs to a run, experiment or registered model: metrics, params and tags by key. */
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
