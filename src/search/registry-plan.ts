import { invalidParameter } from "../domain/errors.ts";
import {
  MAX_MODEL_VERSION_SEARCH_RESULTS,
  MAX_REGISTERED_MODEL_SEARCH_RESULTS,
  MAX_REGISTRY_TAG_VALUE_LENGTH,
} from "../domain/limits.ts";
import { IS_PROMPT_TAG } from "../domain/prompts.ts";
import { type Comparison, type Condition, comparisonsOf, isComparison, type OrderTerm } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { VISIBILITY_LOOK_UPS } from "./candidates.ts";
import { conditionSql, conjuncts, type FieldSource, isEquality } from "./conditions.ts";
import { type Grammar, MODEL_VERSION_GRAMMAR, REGISTERED_MODEL_GRAMMAR } from "./grammar.ts";
import { KeyCandidates, type KeyCursor } from "./key-candidates.ts";
import type { OrderColumn } from "./order.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { checkMaxResults, type PageQuery, type SearchPlan } from "./plan.ts";
import { planSearch, type SliceTuning } from "./sliced-plan.ts";

export interface RegistrySearchQuery extends PageQuery {
  readonly filter: string;
  readonly orderBy: readonly string[];
}

/** The differences between the two searches of the registry. */
interface Registry {
  readonly kind: string;
  readonly maxResults: number;
  readonly grammar: { readonly filter: Grammar; readonly order: Grammar };
  readonly id: string;
  readonly from: string;
  readonly alias: string;
  readonly key: readonly string[];
  readonly where: readonly string[];
  /** Columns by the attribute's key. */
  readonly columns: Readonly<Record<string, string>>;
  /** Further columns of `where`. */
  readonly needs: readonly string[];
  /** The attributes that have an index which narrows the search down if they equal a value, or one of some. */
  readonly narrows: readonly string[];
  /** The first attribute of an order that an index has, in either direction. */
  readonly walks: string;
  readonly tags: string;
  readonly defaultOrder: readonly OrderTerm[];
  /** The terms that are appended to a request's order, unless the order already has them. */
  readonly tieBreak: readonly OrderTerm[];
}

const by = (key: string, ascending = true): OrderTerm => ({ field: { entity: "attribute", key }, ascending });

const REGISTERED_MODELS: Registry = {
  kind: "registered_models",
  maxResults: MAX_REGISTERED_MODEL_SEARCH_RESULTS,
  grammar: REGISTERED_MODEL_GRAMMAR,
  id: "CAST(m.registered_model_id AS TEXT)",
  from: "registered_models m",
  alias: "m",
  key: ["registered_model_id"],
  where: [],
  columns: { name: "name", last_updated_timestamp: "last_update_time" },
  needs: [],
  narrows: ["name"],
  walks: "name",
  tags: "registered_model_tags",
  defaultOrder: [],
  tieBreak: [by("name")],
};

const MODEL_VERSIONS: Registry = {
  kind: "model_versions",
  maxResults: MAX_MODEL_VERSION_SEARCH_RESULTS,
  grammar: MODEL_VERSION_GRAMMAR,
  id: "v.registered_model_id || '/' || v.version",
  from: "(SELECT v.*, m.name FROM model_versions v JOIN registered_models m USING (registered_model_id)) v",
  alias: "v",
  key: ["registered_model_id", "version"],
  where: ["v.current_stage <> 'Deleted_Internal'"],
  columns: {
    name: "name",
    run_id: "run_id",
    source_path: "source",
    version_number: "version",
    creation_timestamp: "creation_time",
    last_updated_timestamp: "last_update_time",
  },
  needs: ["current_stage"],
  narrows: ["name", "run_id"],
  walks: "last_updated_timestamp",
  tags: "model_version_tags",
  defaultOrder: [by("last_updated_timestamp", false)],
  tieBreak: [by("name"), by("version_number", false)],
};

/** @throws MlflowError INVALID_PARAMETER_VALUE for a page size, filter, order or page token that is not valid. */
export function planRegisteredModelSearch(query: RegistrySearchQuery, tuning?: SliceTuning): SearchPlan<KeyCursor> {
  return planRegistrySearch(REGISTERED_MODELS, query, tuning);
}

/**
 * Deleted versions are never found.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page size, filter, order or page token that is not valid.
 */
export function planModelVersionSearch(query: RegistrySearchQuery, tuning?: SliceTuning): SearchPlan<KeyCursor> {
  return planRegistrySearch(MODEL_VERSIONS, query, tuning);
}

function planRegistrySearch(
  registry: Registry,
  query: RegistrySearchQuery,
  tuning: SliceTuning | undefined,
): SearchPlan<KeyCursor> {
  checkMaxResults(query.maxResults, registry.maxResults);
  const { alias, key, from, needs } = registry;
  const isVisible = query.visibility.registeredModel;
  const filter = parseFilter(query.filter, registry.grammar.filter);
  const columns = orderColumns(registry, parseOrderBy(query.orderBy, registry.grammar.order));
  const hidesPrompts = !asksForPrompts(filter);
  const given = conjuncts(filter).filter((condition) => !(hidesPrompts && isAboutPrompts(condition)));
  const isNarrowing = (condition: Condition) => registry.narrows.some((key) => isEquality(condition, key));
  const narrowing = given.filter(isNarrowing);
  const conditions = given.filter((condition) => !isNarrowing(condition));
  const source = sourceOf(registry);
  return planSearch(
    {
      identity: [registry.kind, query.filter, query.orderBy],
      conditions,
      columns,
      longestText: MAX_REGISTRY_TAG_VALUE_LENGTH,
    },
    query,
    (start) => ({
      candidates: new KeyCandidates({
        from,
        alias,
        key,
        columns: [...new Set([...key, ...needs, ...Object.values(registry.columns)])],
        narrowed: (binder) => narrowing.map((condition) => conditionSql(condition, source, binder)),
        order: narrowing.length === 0 && hasIndex(columns, registry) ? columns : undefined,
        start,
      }),
      id: registry.id,
      from: (candidates) => `(${candidates}) ${alias}`,
      where: (binder) => [
        ...registry.where,
        ...(hidesPrompts ? [noPrompt(registry, binder)] : []),
        ...(isVisible === undefined ? [] : [isVisible(`${alias}.registered_model_id`, binder, "many")]),
      ],
      source,
      lookUps: (hidesPrompts ? 1 : 0) + (isVisible === undefined ? 0 : VISIBILITY_LOOK_UPS),
    }),
    tuning,
  );
}

function hasIndex([first]: readonly OrderColumn[], { alias, columns, walks }: Registry): boolean {
  return first?.sql === `${alias}.${columns[walks]}`;
}

function sourceOf({ alias, columns, key: ofItem, tags }: Registry): FieldSource {
  const isOfItem = ofItem.map((column) => `${column} = ${alias}.${column}`).join(" AND ");
  return {
    column: ({ entity, key }) => (entity === "attribute" ? `${alias}.${columns[key]}` : undefined),
    rows: ({ key }, binder) => ({
      from: `${tags} WHERE ${isOfItem} AND key = ${binder.bind(key)}`,
      value: "value",
    }),
  };
}

/** The filter's first comparison with the tag decides, as in MLflow. */
function asksForPrompts(filter: Condition): boolean {
  const first = comparisonsOf(filter).find(isAboutPrompts);
  if (first?.kind === "presence") return first.present;
  if (first?.kind !== "text") return false;
  const value = first.value.toLowerCase();
  return (first.comparator === "=" && value === "true") || (first.comparator === "!=" && value === "false");
}

/** Models do not have this tag, so a comparison with it in a search for models, such as `!= 'true'`, holds for all. */
function isAboutPrompts(condition: Condition): condition is Comparison {
  return isComparison(condition) && condition.field.key === IS_PROMPT_TAG;
}

/** A model is a prompt if any of its versions is a prompt's, even if that version is deleted, as in MLflow. */
function noPrompt({ alias, tags }: Registry, binder: Binder): string {
  return `NOT EXISTS (SELECT 1 FROM ${tags} INDEXED BY ${tags}_by_value WHERE key = ${binder.bind(IS_PROMPT_TAG)}
    AND substr(value, 1, 64) = 'true' AND value = 'true' AND registered_model_id = ${alias}.registered_model_id)`;
}

function orderColumns(registry: Registry, terms: readonly OrderTerm[]): OrderColumn[] {
  const given = terms.length === 0 ? registry.defaultOrder : terms;
  const keys = new Set(given.map(({ field }) => field.key));
  if (keys.size < given.length) throw invalidParameter("order_by names a field twice.");
  return [...given, ...registry.tieBreak.filter(({ field }) => !keys.has(field.key))].map(({ field, ascending }) => ({
    sql: `${registry.alias}.${registry.columns[field.key]}`,
    type: field.key === "name" ? "text" : "integer",
    ascending,
    nullable: false,
  }));
}
