import { env } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import type { AuditAction, AuditTarget } from "../../../../src/domain/audit.ts";
import { type AuditFilter, auditStatement, findAuditEntries } from "../../../../src/stores/d1/access/audit.ts";
import { migrate } from "../../../../src/stores/d1/connection/migrate.ts";
import { randomSource } from "../../../search/population.ts";

/* A list of entries looks at a bounded number of entries in a statement, whatever its filter. */

const USERS = ["a", "b", "c"];
const ACTIONS: readonly AuditAction[] = ["run.delete", "run.restore", "user.create"];
const TARGETS: readonly AuditTarget[] = ["run", "user"];
const IDS = ["1", "2", "3", "4"];

interface Entry {
  readonly username: string;
  readonly action: AuditAction;
  readonly targetType: AuditTarget;
  readonly targetId: string;
}

const random = randomSource(3);
const ENTRIES: readonly Entry[] = Array.from({ length: 200 }, () => ({
  username: random.pick(USERS),
  action: random.pick(ACTIONS),
  targetType: random.pick(TARGETS),
  targetId: random.pick(IDS),
}));

beforeAll(async () => {
  await migrate(env.DB);
  await env.DB.batch(
    ENTRIES.map(({ username, ...change }, index) => {
      const caller = { username, credential: "password", address: "", requestId: String(index) };
      return auditStatement(env.DB, caller, change) as D1PreparedStatement;
    }),
  );
});

test("entries are found whatever the filter, the page's size and the number of entries a statement looks at", async () => {
  const stored = await findAuditEntries(env.DB, {}, undefined, 1000);
  expect(stored).toHaveLength(ENTRIES.length);
  const ids = stored.map(({ entryId }) => entryId);
  expect(ids).toEqual(ids.toSorted().reverse());
  for (let round = 0; round < 120; round++) {
    const maybe = <T>(items: readonly T[]) => (random.next() < 0.5 ? random.pick(items) : undefined);
    const filter: AuditFilter = {
      username: maybe([...USERS, "nobody"]),
      action: maybe(ACTIONS),
      targetType: maybe(TARGETS),
      targetId: maybe(IDS),
    };
    const wanted = stored.filter((entry) =>
      (["username", "action", "targetType", "targetId"] as const).every(
        (name) => filter[name] === undefined || entry[name] === filter[name],
      ),
    );
    const [limit, atOnce] = [1 + random.below(40), 1 + random.below(60)];
    const found: string[] = [];
    for (let before: string | undefined; ; ) {
      const page = await findAuditEntries(env.DB, filter, before, limit, atOnce);
      expect(page.length).toBeLessThanOrEqual(limit);
      found.push(...page.map(({ entryId }) => entryId));
      before = page.at(-1)?.entryId;
      if (page.length < limit) break;
    }
    expect(found, JSON.stringify([filter, limit, atOnce])).toEqual(wanted.map(({ entryId }) => entryId));
  }
});

test("a time bounds a list of more than one statement, too", async () => {
  const [newest] = await findAuditEntries(env.DB, {}, undefined, 1);
  const { timeMs } = newest!;
  const find = (filter: AuditFilter) => findAuditEntries(env.DB, { targetId: "1", ...filter }, undefined, 1000, 7);
  const all = ENTRIES.filter(({ targetId }) => targetId === "1").length;
  expect(await find({ fromMs: timeMs + 1 })).toEqual([]);
  expect(await find({ toMs: timeMs - 60_000 })).toEqual([]);
  expect(await find({ fromMs: timeMs - 60_000, toMs: timeMs + 1 })).toHaveLength(all);
});
