/*
 * D1 holds everything that is searched; metric history lives in the runs' objects (stores/run/). `npm run db:new` writes
 * a migration from this folder. What drizzle cannot say (WITHOUT ROWID, triggers, views) is written into it by hand.
 *
 * Times are milliseconds since 1970, by the client's clock. int64 columns may hold integers beyond 2^53: read them as text.
 *
 * A long value would bloat a search index. The indexes of params and tags leave long values out, so that they cover a query.
 * A query repeats their condition, and a second index tells which keys have long values. Other indexes hold a prefix, and a
 * query names the prefix and the whole value.
 */

export * from "./access.ts";
export * from "./experiments.ts";
export * from "./imports.ts";
export * from "./logged-models.ts";
export * from "./purges.ts";
export * from "./registry.ts";
export * from "./runs.ts";
