import { env } from "cloudflare:test";
import { expect, test } from "vitest";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";

test("migrating twice, or from two Workers at once, is migrating once", async () => {
  await Promise.all([migrate(env.DB), migrate(env.DB)]);
  await migrate(env.DB);
  const { results } = await env.DB.prepare("SELECT name FROM experiments").all();
  expect(results).toEqual([{ name: "Default" }]);
});
