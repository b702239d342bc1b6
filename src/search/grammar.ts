import { invalidParameter } from "../domain/errors.ts";
import type { Entity, Field } from "./ast.ts";

/**
 * The kind of value that an attribute is compared with: a number, a quoted string, the quoted decimal of an experiment's
 * id, or an integer, quoted or not.
 */
export interface Attribute {
  readonly key: string;
  readonly values: "number" | "text" | "id" | "integer";
  readonly list: boolean;
}

/** The words of one search. Source: `SearchUtils` and `SearchExperimentsUtils` of `mlflow/utils/search_utils.py`. */
export interface Grammar {
  readonly entities: ReadonlyMap<string, Entity>;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly orderEntities: ReadonlySet<Entity>;
  /**
   * The functions `<word>(metrics.<key>)` or `<word>(params.<key>)`, by word. MLflow has no such functions; its keys cannot
   * contain a bracket.
   */
  readonly functions?: ReadonlyMap<string, { readonly of: "metric" | "param"; readonly gives: Entity }>;
  /** Entities that allow IN and NOT IN for every key. Each attribute declares this itself. */
  readonly listEntities?: ReadonlySet<Entity>;
  /** Whether a string may be written without quotes, also in a list. Only single quotes may enclose a string. */
  readonly bareStrings?: boolean;
}

const DATASET_KEYS = new Set(["name", "digest", "context"]);

function attributes(
  values: Attribute["values"],
  words: readonly string[],
  options: { readonly key?: string; readonly list?: boolean } = {},
): [string, Attribute][] {
  return words.map((word) => [word, { key: options.key ?? word, values, list: options.list ?? false }]);
}

function entities(words: Partial<Record<Entity, readonly string[]>>): Map<string, Entity> {
  const pairs = Object.entries(words) as [Entity, readonly string[]][];
  return new Map(pairs.flatMap(([entity, names]) => names.map((name): [string, Entity] => [name, entity])));
}

export const RUN_GRAMMAR: Grammar = {
  entities: entities({
    metric: ["metric", "metrics"],
    param: ["parameter", "parameters", "param", "params"],
    tag: ["tag", "tags"],
    attribute: ["attribute", "attributes", "attr", "run"],
    dataset: ["dataset", "datasets"],
  }),
  attributes: new Map([
    ...attributes("text", ["run_id"], { list: true }),
    ...attributes("text", ["user_id", "status", "artifact_uri"]),
    ...attributes("text", ["run_name", "run name", "Run name", "Run Name"], { key: "run_name" }),
    ...attributes("number", ["start_time", "created", "Created"], { key: "start_time" }),
    ...attributes("number", ["end_time"]),
  ]),
  orderEntities: new Set([
    "metric",
    "metricFirst",
    "metricMin",
    "metricMax",
    "param",
    "paramNumber",
    "tag",
    "attribute",
  ]),
  functions: new Map([
    ["min", { of: "metric", gives: "metricMin" }],
    ["max", { of: "metric", gives: "metricMax" }],
    ["first", { of: "metric", gives: "metricFirst" }],
    ["last", { of: "metric", gives: "metric" }],
    ["number", { of: "param", gives: "paramNumber" }],
  ]),
  listEntities: new Set(["dataset"]),
};

/** The additional orders of the web UI's table of runs: MLflow orders by neither of the two. */
export const RUN_TABLE_ORDER_GRAMMAR: Grammar = {
  ...RUN_GRAMMAR,
  attributes: new Map([
    ...RUN_GRAMMAR.attributes,
    ...attributes("number", ["duration"]),
    ...attributes("id", ["experiment_id"]),
  ]),
};

export const EXPERIMENT_GRAMMAR: Grammar = {
  entities: entities({ tag: ["tag", "tags"], attribute: ["attribute", "attributes", "attr"] }),
  attributes: new Map([
    ...attributes("id", ["experiment_id"], { list: true }),
    ...attributes("text", ["name"]),
    ...attributes("number", ["creation_time", "last_update_time"]),
  ]),
  orderEntities: new Set(["attribute"]),
};

/** Source: `mlflow/utils/search_logged_model_utils.py`, and the columns of `SqlLoggedModel`. */
export const LOGGED_MODEL_GRAMMAR: Grammar = {
  entities: entities({ metric: ["metrics"], param: ["params"], tag: ["tags"], attribute: ["attributes"] }),
  attributes: new Map([
    ...attributes("text", ["model_id", "experiment_id", "name", "status", "status_message"], { list: true }),
    ...attributes("text", ["model_type", "source_run_id", "lifecycle_stage", "artifact_location"], { list: true }),
    ...attributes("number", ["creation_timestamp_ms", "creation_timestamp", "creation_time"], {
      key: "creation_timestamp_ms",
    }),
    ...attributes("number", ["last_updated_timestamp_ms", "last_updated_timestamp"], {
      key: "last_updated_timestamp_ms",
    }),
  ]),
  orderEntities: new Set(["metric", "attribute"]),
  listEntities: new Set(["param", "tag"]),
  bareStrings: true,
};

/** In the registry, the fields of filters and of orders differ. */
interface FilterAndOrder {
  readonly filter: Grammar;
  readonly order: Grammar;
}

const REGISTRY_WORDS = {
  filter: { entities: entities({ tag: ["tag", "tags"], attribute: ["attribute"] }), orderEntities: new Set<Entity>() },
  order: { entities: entities({ attribute: ["attribute"] }), orderEntities: new Set<Entity>(["attribute"]) },
};

export const REGISTERED_MODEL_GRAMMAR: FilterAndOrder = {
  filter: { ...REGISTRY_WORDS.filter, attributes: new Map(attributes("text", ["name"], { list: true })) },
  order: {
    ...REGISTRY_WORDS.order,
    attributes: new Map([
      ...attributes("text", ["name"]),
      ...attributes("number", ["last_updated_timestamp", "timestamp"], { key: "last_updated_timestamp" }),
    ]),
  },
};

export const MODEL_VERSION_GRAMMAR: FilterAndOrder = {
  filter: {
    ...REGISTRY_WORDS.filter,
    attributes: new Map([
      ...attributes("text", ["name", "run_id"], { list: true }),
      ...attributes("text", ["source_path"]),
      ...attributes("integer", ["version_number"]),
    ]),
  },
  order: {
    ...REGISTRY_WORDS.order,
    attributes: new Map([
      ...attributes("text", ["name"]),
      ...attributes("number", ["version_number", "creation_timestamp", "last_updated_timestamp"]),
    ]),
  },
};

/**
 * The field that the name token `name` means. The name is split at its first dot; quotes of the key and backticks of the
 * entity are stripped; a name without a dot is an attribute. Quotes around the whole name are stripped first, as MLflow
 * does in order_by.
 */
export function resolveField(name: string, grammar: Grammar): Field {
  const whole = name.indexOf(name[0]!, 1) === name.length - 1 ? unquote(name) : name;
  const dot = whole.indexOf(".");
  const word = trimQuotes(whole.slice(0, Math.max(dot, 0)), "`");
  const entity = dot === -1 ? "attribute" : grammar.entities.get(word);
  if (entity === undefined) {
    const known = [...grammar.entities.keys()].join(", ");
    throw invalidParameter(`${JSON.stringify(word)} is no entity to search by; expected one of ${known}.`);
  }
  const key = trimQuotes(unquote(whole.slice(dot + 1)), "`");
  if (entity === "attribute") {
    const attribute = grammar.attributes.get(key);
    if (attribute !== undefined) return { entity, key: attribute.key };
    throw invalidParameter(`There is no attribute ${JSON.stringify(key)}; ${expected(grammar.attributes.keys())}.`);
  }
  if (entity === "dataset" && !DATASET_KEYS.has(key)) {
    throw invalidParameter(`Datasets have no ${JSON.stringify(key)}; ${expected(DATASET_KEYS)}.`);
  }
  return { entity, key };
}

function expected(words: Iterable<string>): string {
  return `expected one of ${[...words].join(", ")}`;
}

/** Strips one pair of quotes of any kind that encloses the whole text. */
function unquote(text: string): string {
  const quote = text[0];
  return quote === "'" || quote === '"' || quote === "`" ? trimQuotes(text, quote) : text;
}

function trimQuotes(text: string, quote: string): string {
  return text.length >= 2 && text.startsWith(quote) && text.endsWith(quote) ? text.slice(1, -1) : text;
}
