import type { Column, Table } from "drizzle-orm";

type Columns<T extends Table> = T["_"]["columns"];

/** D1 returns booleans as 0 and 1; all other values have the type in the schema. */
type StoredValue<C extends Column> =
  | (C["_"]["data"] extends boolean ? number : C["_"]["data"])
  | (C["_"]["notNull"] extends true ? never : null);

/** A row of a table as D1 returns it, by the columns' names in SQL. */
export type StoredRow<T extends Table> = {
  readonly [K in keyof Columns<T> as Columns<T>[K]["_"]["name"]]: StoredValue<Columns<T>[K]>;
};

/** The row of a statement that casts some columns to text, since D1 rounds integers beyond 2^53. */
export type AsText<Row, Cast extends keyof Row> = {
  readonly [K in keyof Row]: K extends Cast ? string | Extract<Row[K], null> : Row[K];
};
