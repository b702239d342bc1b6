import { expect, it } from "vitest";
import type { AuditEntry } from "../../../../ui/src/api/audit.ts";
import { detailOf } from "../../../../ui/src/screens/audit/audit-words.ts";

const detail = (of: object): string => detailOf({ detail: of } as AuditEntry);

it("the detail of an entry tells times as times, and lists without marks", () => {
  const expiration_time = new Date(2026, 11, 6, 20, 17, 45).getTime();
  expect(detail({ kind: "runs", run_ids: ["a", "b"], expiration_time })).toBe(
    "kind: runs, run ids: a b, expiration time: 2026-12-06 20:17:45",
  );
  expect(detail({ is_admin: true, runs: 3, of: { id: 1 } })).toBe('is admin: true, runs: 3, of: {"id":1}');
});
