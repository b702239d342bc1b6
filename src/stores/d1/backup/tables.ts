/* D1's tables as generic rows, so that a backup has all tables, including tables that a later version adds. */

export type ColumnType = "INTEGER" | "REAL" | "TEXT" | "BLOB";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Names of the primary key's columns, in order. */
  readonly key: readonly string[];
}

/** A parent table, and the child tables whose rows belong to its rows: a child's key begins with the parent's key. */
export interface TableGroup {
  readonly parent: Table;
  readonly children: readonly Table[];
}

/** Tables that can be rebuilt from the rest, or that belong to the platform. */
const NOT_KEPT: ReadonlySet<string> = new Set(["artifact_digests", "d1_migrations", "run_documents"]);

/** Parent tables, by the column with which child tables refer to them. */
const PARENTS: Readonly<Record<string, string>> = {
  experiment_id: "experiments",
  run_id: "runs",
  model_id: "logged_models",
  registered_model_id: "registered_models",
  user_id: "users",
  role_id: "roles",
};

/** All tables, each in one group. */
export async function readTableGroups(db: D1Database): Promise<TableGroup[]> {
  const tables = await readTables(db);
  const byName = new Map(tables.map((table) => [table.name, table]));
  const parentOf = (table: Table): Table => byName.get(PARENTS[table.key[0] ?? ""] ?? "") ?? table;
  return [...Map.groupBy(tables, parentOf)].map(([parent, of]) => ({
    parent,
    children: of.filter((table) => table !== parent),
  }));
}

async function readTables(db: D1Database): Promise<Table[]> {
  const { results } = await db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all<{ name: string }>();
  const names = results.map(({ name }) => name).filter((name) => !/^(sqlite|_cf)_/.test(name) && !NOT_KEPT.has(name));
  const infos = await db.batch<{ name: string; type: string; pk: number }>(
    names.map((name) => db.prepare(`PRAGMA table_info("${name}")`)),
  );
  return infos.map(({ results: columns }, i) => ({
    name: names[i]!,
    columns: columns.map(({ name, type }) => ({ name, type: typeOf(type) })),
    key: columns
      .filter(({ pk }) => pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map(({ name }) => name),
  }));
}

function typeOf(declared: string): ColumnType {
  const type = declared.toUpperCase();
  return type === "INTEGER" || type === "REAL" || type === "BLOB" ? type : "TEXT";
}

/** Integers as text, since D1 rounds integers beyond 2^53; bytes as hexadecimal digits. */
function selected({ name, type }: Column): string {
  if (type === "INTEGER") return `CAST("${name}" AS TEXT)`;
  return type === "BLOB" ? `hex("${name}")` : `"${name}"`;
}

/** SQL: about how many UTF-16 units a row's texts have. */
function sizeOf({ columns }: Table): string {
  const texts = columns.filter(({ type }) => type === "TEXT" || type === "BLOB");
  return ["50", ...texts.map(({ name }) => `ifnull(length("${name}"), 0)`)].join(" + ");
}

/** A value in the form of {@link selected}. */
export type CellValue = string | number | null;

export interface ParentKey {
  /** The key in the form of {@link selected}: the next page begins after it. */
  readonly key: readonly CellValue[];
  /** Size of the row and its children's rows. */
  readonly size: number;
}

/** The keys of the rows after `after`, in order, each with the size of the row and all rows that belong to it. */
export async function readParentKeys(
  db: D1Database,
  { parent, children }: TableGroup,
  after: readonly CellValue[] | undefined,
  limit: number,
): Promise<ParentKey[]> {
  const key = parent.key.map((name) => `"${name}"`).join(", ");
  const columns = parent.key.map((name) => parent.columns.find((column) => column.name === name)!);
  const from = after === undefined ? "" : `WHERE (${key}) > (${columns.map(bound).join(", ")})`;
  const sizes = children.map(
    (child) =>
      ` + ifnull((SELECT sum(${sizeOf(child)}) FROM "${child.name}" c WHERE c."${child.key[0]}" = p."${parent.key[0]}"), 0)`,
  );
  const rows = await db
    .prepare(
      `SELECT ${columns.map(selected).join(", ")}, ${sizeOf(parent)}${sizes.join("")}
       FROM "${parent.name}" p ${from} ORDER BY ${key} LIMIT ?`,
    )
    .bind(...(after ?? []), limit)
    .raw<CellValue[]>();
  return rows.map((row) => ({ key: row.slice(0, -1), size: Number(row.at(-1)) }));
}

function bound({ type }: Column): string {
  return type === "INTEGER" ? "CAST(? AS INTEGER)" : "?";
}

/**
 * The parent's rows with these keys, and all rows that belong to them, by table, in one snapshot of the database.
 * @param keys in the form of {@link readParentKeys}
 */
export async function readGroup(
  db: D1Database,
  { parent, children }: TableGroup,
  keys: readonly (readonly CellValue[])[],
): Promise<Map<Table, CellValue[][]>> {
  const tables = [parent, ...children];
  const list = JSON.stringify(keys);
  const statements = tables.map((table) => {
    const columns = table === parent ? parent.key : parent.key.slice(0, 1);
    const types = columns.map((name) => parent.columns.find((column) => column.name === name)!.type);
    const on = columns.map((name, i) => {
      const value = `j.value ->> ${i}`;
      return `t."${name}" = ${types[i] === "INTEGER" ? `CAST(${value} AS INTEGER)` : value}`;
    });
    const order = table.key.map((name) => `t."${name}"`).join(", ");
    return db
      .prepare(
        `SELECT ${table.columns.map((column) => selected(column).replaceAll(/"\w+"/g, "t.$&")).join(", ")}
         FROM json_each(?) j CROSS JOIN "${table.name}" t ON ${on.join(" AND ")} ORDER BY ${order}`,
      )
      .bind(list);
  });
  const results = await db.batch<Record<string, CellValue>>(statements);
  return new Map(results.map(({ results: rows }, i) => [tables[i]!, rows.map((row) => Object.values(row))]));
}
