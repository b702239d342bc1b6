import { expect, test } from "vitest";
import { MlflowError } from "../../src/domain/errors.ts";
import type { Principal } from "../../src/domain/principal.ts";
import { authorize } from "../../src/http/authorize.ts";
import { onExperiments, onRuns } from "../../src/routes/permissions.ts";
import type { Permission } from "../../src/wire/route.ts";

const admin = { username: "admin", isAdmin: true };
const nobody = { username: "", isAdmin: false };
const onServer: Permission<unknown> = { level: "READ", on: () => [{ kind: "server" }] };

const decided = (principal: Principal, permission: Permission<unknown>, input: unknown) =>
  authorize(principal, permission, input, { defaultLevel: 0, waitUntil: () => undefined });

const refused = async (work: Promise<unknown>) => {
  await expect(work).rejects.toThrow(MlflowError);
  await expect(work).rejects.toThrow("Permission denied.");
};

test("the admin may do what names a resource, others what is public", async () => {
  await decided(admin, onServer, {});
  await refused(decided(nobody, onServer, {}));
  await decided(nobody, "public", {});
});

test("a call that names no resource is refused, to the admin too", async () => {
  await refused(decided(admin, { level: "READ", on: () => [] }, {}));
  await refused(decided(admin, onRuns("READ") as Permission<unknown>, { runIds: [] }));
});

test("a rule that throws lets nobody through", async () => {
  const rule: Permission<unknown> = {
    level: "READ",
    on: () => {
      throw new Error("no such resource");
    },
  };
  await expect(decided(admin, rule, {})).rejects.toThrow("no such resource");
});

test("a search of no experiments is a list, and one of some names each", () => {
  const rule = onExperiments("READ");
  if (typeof rule === "string") throw new Error("It must have a rule");
  expect(rule.on({})).toEqual([{ kind: "list" }]);
  expect(rule.on({ experimentIds: ["1", "2"] })).toEqual([
    { kind: "list" },
    { kind: "experiment", experimentId: "1" },
    { kind: "experiment", experimentId: "2" },
  ]);
});
