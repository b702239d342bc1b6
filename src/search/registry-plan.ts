import { invalidParameter } from "../domain/errors.ts";
import {
  MAX_MODEL_VERSION_SEARCH_RESULTS,
  MAX_REGISTERED_MODEL_SEARCH_RESULTS,
  MAX_REGISTRY_TAG_VALUE_LENGTH,
} from "../domain/limits.ts";
import { IS_PROMPT_TAG } from "../domain/prompts.ts";
import { type Comparison, type Condition, comparisonsOf, type Field, isComparison, type OrderTerm } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conjuncts, type FieldSource } from "./conditions.ts";
import { type Grammar, MODEL_VERSION_GRAMMAR, REGISTERED_MODEL_GRAMMAR } from "./grammar.ts";
import type { OrderColumn } from "./order.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { checkMaxResults, type PageQuery, planSearch, type SearchPlan } from "./plan.ts";
import { pageStatement, searchQuery } from "./statement.ts";

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
  readonly where: readonly string[];
  /** Columns by the attribute's key. */
  readonly columns: Readonly<Record<string, string>>;
  readonly tags: { readonly table: string; readonly of: string };
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
  where: [],
  columns: { name: "m.name", last_updated_timestamp: "m.last_update_time" },
  tags: { table: "registered_model_tags", of: "registered_model_id = m.registered_model_id" },
  defaultOrder: [],
  tieBreak: [by("name")],
};

const MODEL_VERSIONS: Registry = {
  kind: "model_versions",
  maxResults: MAX_MODEL_VERSION_SEARCH_RESULTS,
  grammar: MODEL_VERSION_GRAMMAR,
  id: "v.registered_model_id || '/' || v.version",
  from: "model_versions v JOIN registered_models m ON m.registered_model_id = v.registered_model_id",
  where: ["v.current_stage <> 'Deleted_Internal'"],
  columns: {
    name: "m.name",
    run_id: "v.run_id",
    source_path: "v.source",
    version_number: "v.version",
    creation_timestamp: "v.creation_time",
    last_updated_timestamp: "v.last_update_time",
  },
  tags: { table: "model_version_tags", of: "registered_model_id = v.registered_model_id AND version = v.version" },
  defaultOrder: [by("last_updated_timestamp", false)],
  tieBreak: [by("name"), by("version_number", false)],
};

/** @throws MlflowError INVALID_PARAMETER_VALUE for a page size, filter, order or page token that is not valid. */
export function planRegisteredModelSearch(query: RegistrySearchQuery): SearchPlan {
  return planRegistrySearch(REGISTERED_MODELS, query);
}

/**
 * Deleted versions are never found.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page size, filter, order or page token that is not valid.
 */
export function planModelVersionSearch(query: RegistrySearchQuery): SearchPlan {
  return planRegistrySearch(MODEL_VERSIONS, query);
}

function planRegistrySearch(registry: Registry, query: RegistrySearchQuery): SearchPlan {
  checkMaxResults(query.maxResults, registry.maxResults);
  const { visibility } = query;
  const filter = parseFilter(query.filter, registry.grammar.filter);
  const columns = orderColumns(registry, parseOrderBy(query.orderBy, registry.grammar.order));
  const hidesPrompts = !asksForPrompts(filter);
  const conditions = conjuncts(filter).filter((condition) => !(hidesPrompts && isAboutPrompts(condition)));
  return planSearch(
    {
      identity: [registry.kind, query.filter, query.orderBy],
      conditions,
      columns,
      longestText: MAX_REGISTRY_TAG_VALUE_LENGTH,
      statement: ({ residual, after, limit }) => {
        const binder = new Binder();
        const where = [...registry.where, ...(hidesPrompts ? [noPrompt(registry, binder)] : [])];
        if (visibility.registeredModel !== undefined) {
          where.push(visibility.registeredModel("m.registered_model_id", binder));
        }
        const parts = { id: registry.id, from: registry.from, source: sourceOf(registry) };
        const all = { ...parts, where, conditions, residual, columns, after, limit: binder.limit(limit) };
        return pageStatement(searchQuery(all, binder), all, limit, binder);
      },
    },
    query,
  );
}

function sourceOf({ columns, tags }: Registry): FieldSource {
  return {
    column: ({ entity, key }) => (entity === "attribute" ? columns[key] : undefined),
    rows: ({ key }, binder) => ({
      from: `${tags.table} WHERE ${tags.of} AND key = ${binder.bind(key)}`,
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
  return isComparison(condition) && isPromptTag(condition.field);
}

function isPromptTag(field: Field): boolean {
  return field.entity === "tag" && field.key === IS_PROMPT_TAG;
}

/** A model is a prompt if any of its versions is a prompt's, even if that version is deleted, as in MLflow. */
function noPrompt({ tags }: Registry, binder: Binder): string {
  return `m.registered_model_id NOT IN (SELECT registered_model_id FROM ${tags.table}
    WHERE key = ${binder.bind(IS_PROMPT_TAG)} AND substr(value, 1, 64) = 'true' AND value = 'true')`;
}

function orderColumns(registry: Registry, terms: readonly OrderTerm[]): OrderColumn[] {
  const given = terms.length === 0 ? registry.defaultOrder : terms;
  const keys = new Set(given.map(({ field }) => field.key));
  if (keys.size < given.length) throw invalidParameter("order_by names a field twice.");
  return [...given, ...registry.tieBreak.filter(({ field }) => !keys.has(field.key))].map(({ field, ascending }) => ({
    sql: registry.columns[field.key]!,
    type: field.key === "name" ? "text" : "integer",
    ascending,
    nullable: false,
  }));
}
