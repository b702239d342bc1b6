import { env } from "cloudflare:test";

/** Drops everything in D1. */
export async function reset(): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND type IN ('view', 'table')",
  ).all<{ type: string; name: string }>();
  const inOrder = results.sort((a, b) => (a.type < b.type ? 1 : -1));
  await env.DB.batch(inOrder.map(({ type, name }) => env.DB.prepare(`DROP ${type} "${name}"`)));
}
