import { type Aggregate, type FieldKind, parseSpelling, spell } from "../../api/field-spelling.ts";
import type { DistinctKey, DistinctKeys } from "../../api/keys.ts";

export type ColumnKind = "attribute" | FieldKind;

/** A column beside the run's name. */
export interface RunColumn {
  /** As a search spells the field: its identity, in the address and in the answer. */
  spelling: string;
  kind: ColumnKind;
  /** Of the metric, param or tag; the name of an attribute. */
  key: string;
  /** Of a metric; `last` for others. */
  aggregate: Aggregate;
}

/** Attributes that every row has; only `attributes.…` can be ordered by. */
export const ATTRIBUTES: Readonly<Record<string, string>> = {
  "attributes.start_time": "Created",
  duration: "Duration",
  "attributes.user_id": "User",
  source: "Source",
  "attributes.experiment_id": "Experiment",
  "attributes.run_id": "Run id",
};

const DEFAULT_ATTRIBUTES = ["attributes.start_time", "duration"];
const MAX_DEFAULT_PARAMS = 5;
const MAX_DEFAULT_METRICS = 7;

/** @returns undefined where the spelling, which anyone may write into an address, is none of a column. */
export function parseColumn(spelling: string): RunColumn | undefined {
  if (Object.hasOwn(ATTRIBUTES, spelling)) return { spelling, kind: "attribute", key: spelling, aggregate: "last" };
  const field = parseSpelling(spelling);
  return field && { spelling, ...field };
}

export function columnLabel({ kind, key, aggregate }: RunColumn): string {
  if (kind === "attribute") return ATTRIBUTES[key] ?? key;
  return aggregate === "last" ? key : `${aggregate} ${key}`;
}

/** When it was made and how long it took, then what tells the runs apart. */
export function defaultColumns(keys: DistinctKeys | undefined, isSeveral: boolean): string[] {
  const pick = (all: readonly DistinctKey[], most: number): DistinctKey[] => {
    const differing = all.filter((key) => key.differs);
    return (differing.length > 0 ? differing : all).slice(0, most);
  };
  const isOwn = ({ key }: DistinctKey) => !key.startsWith("system/");
  return [
    ...DEFAULT_ATTRIBUTES,
    ...(isSeveral ? ["attributes.experiment_id"] : []),
    ...pick(keys?.metrics.filter(isOwn) ?? [], MAX_DEFAULT_METRICS).map(({ key }) => spell("metric", key)),
    ...pick(keys?.params ?? [], MAX_DEFAULT_PARAMS).map(({ key }) => spell("param", key)),
  ];
}

/** Whether the column's values differ between runs; attributes count as differing. */
export function differs({ kind, key }: RunColumn, keys: DistinctKeys | undefined): boolean {
  if (kind === "attribute" || keys === undefined) return true;
  return keys[`${kind}s`].find((known) => known.key === key)?.differs ?? true;
}

/** The order that a press on the header asks for: numbers best first, then the other way, then none. */
export function nextSort(sort: readonly string[], spelling: string, isAdded: boolean): string[] {
  const old = sort.find((item) => item === `${spelling} DESC` || item === `${spelling} ASC`);
  const others = isAdded ? sort.filter((item) => item !== old) : [];
  if (old === undefined) return [...others, `${spelling} DESC`];
  return old.endsWith(" DESC") ? [...others, `${spelling} ASC`] : others;
}
