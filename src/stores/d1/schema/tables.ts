/*
 * D1 holds everything that is searched; metric history is in the runs' objects (stores/run/). `npm run db:new` writes a
 * migration from this folder. Drizzle has no words for views, triggers and WITHOUT ROWID, so a migration gets them by hand.
 * Views and triggers stand in triggers.sql, as they are now. A test compares a migrated database with this folder.
 *
 * Times are milliseconds since 1970, by the client's clock. int64 columns may hold integers beyond 2^53: read them as text.
 *
 * A long value would bloat a search index. The indexes of params and tags exclude long values, and are covering indexes.
 * Queries repeat the indexes' condition, and a second index tells which keys have long values. Other indexes hold a prefix,
 * and queries test both the prefix and the whole value.
 */

export * from "./access.ts";
export * from "./artifacts.ts";
export * from "./experiments.ts";
export * from "./imports.ts";
export * from "./logged-models.ts";
export * from "./purges.ts";
export * from "./registry.ts";
export * from "./runs.ts";

/** Tables whose rows have numbers of their own. Every other table is the index of its key: its migration says WITHOUT ROWID. */
export const TABLES_WITH_ROWID: readonly string[] = [
  "datasets",
  "experiment_moves",
  "experiments",
  "logged_models",
  "registered_models",
  "role_permissions",
  "roles",
  "run_documents",
  "runs",
  "sign_ins",
  "user_roles",
  "users",
];
