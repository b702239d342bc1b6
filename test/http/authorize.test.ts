import { expect, test } from "vitest";
import { MlflowError } from "../../src/domain/errors.ts";
import { authorize } from "../../src/http/authorize.ts";
import { onExperiments, onRuns } from "../../src/routes/permissions.ts";
import type { Permission } from "../../src/wire/route.ts";

const admin = { username: "admin", isAdmin: true };
const nobody = { username: "", isAdmin: false };
const onServer: Permission<unknown> = { level: "READ", on: () => [{ kind: "server" }] };

const refused = (work: () => void) => {
  expect(work).toThrow(MlflowError);
  expect(work).toThrow("Permission denied.");
};

test("the admin may do what names a resource, others what is public", () => {
  authorize(admin, onServer, {});
  refused(() => authorize(nobody, onServer, {}));
  authorize(nobody, "public", {});
});

test("a call that names no resource is refused, to the admin too", () => {
  refused(() => authorize(admin, { level: "READ", on: () => [] }, {}));
  refused(() => authorize(admin, onRuns("READ") as Permission<unknown>, { runIds: [] }));
});

test("a rule that throws lets nobody through", () => {
  const rule: Permission<unknown> = {
    level: "READ",
    on: () => {
      throw new Error("no such resource");
    },
  };
  expect(() => authorize(admin, rule, {})).toThrow("no such resource");
});

test("a search of no experiments names the server, and one of some names each", () => {
  const rule = onExperiments("READ");
  if (rule === "public") throw new Error("It must have a rule");
  expect(rule.on({})).toEqual([{ kind: "server" }]);
  expect(rule.on({ experimentIds: ["1", "2"] })).toEqual([
    { kind: "server" },
    { kind: "experiment", experimentId: "1" },
    { kind: "experiment", experimentId: "2" },
  ]);
});
