import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { Miniflare } from "miniflare";

/*
 * Serves the bare Worker (worker.ts) on a direct socket, like Trackflare: `node server.ts <port> <data folder>`.
 */

const [port, dataDir] = process.argv.slice(2);
const workerPath = `${import.meta.dirname}/worker.ts`;

const miniflare = new Miniflare({
  name: "ceiling",
  modules: [{ type: "ESModule", path: "worker.mjs", contents: stripTypeScriptTypes(readFileSync(workerPath, "utf8")) }],
  compatibilityDate: "2026-07-22",
  d1Databases: ["DB"],
  durableObjects: { ROWS: { className: "Rows", useSQLite: true } },
  defaultPersistRoot: `${dataDir}`,
  d1Persist: true,
  durableObjectsPersist: true,
  unsafeDirectSockets: [{ host: "127.0.0.1", port: Number(port) }],
});

const stop = async () => {
  await miniflare.dispose();
  process.exit(0);
};
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());

const db = await miniflare.getD1Database("DB");
const present = await db.prepare("SELECT name FROM sqlite_master WHERE name = 'runs'").first();
if (!present) {
  const folder = `${import.meta.dirname}/../../migrations/`;
  for (const file of globSync("*.sql", { cwd: folder }).sort()) {
    const statements = readFileSync(folder + file, "utf8").split("--> statement-breakpoint");
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
}
