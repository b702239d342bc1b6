import { toHex } from "./bytes.ts";

/* The audit log: what it records, and how its entries are ordered. */

/** What an entry may say was done. The part before the dot is mostly the kind of the target. */
export const AUDIT_ACTIONS = [
  ...["user.create", "user.password", "user.admin", "user.delete"],
  ...["token.create", "token.rotate", "token.revoke"],
  ...["link.create", "link.revoke"],
  ...["role.create", "role.update", "role.delete", "role.permission", "role.assign", "role.unassign"],
  ...["grant.set", "grant.revoke"],
  ...["sign_in.begin", "sign_in.end", "sign_in.fail"],
  ...["run.delete", "run.restore", "run.move", "experiment.delete", "experiment.restore"],
  ...["logged_model.delete", "logged_model.restore", "registered_model.delete", "registered_model.rename"],
  ...["model_version.delete", "model_version.stage", "alias.set", "alias.delete"],
  ...["trash.purge", "server.import", "server.restore"],
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AUDIT_TARGETS = [
  ...["user", "token", "link", "role", "experiment", "run", "logged_model", "registered_model", "model_version"],
  ...["resource", "trash", "server"],
] as const;
export type AuditTarget = (typeof AUDIT_TARGETS)[number];

/** Length of the part of an entry's id that tells its time: enough for the next 8,000 years. */
const TIME_DIGITS = 12;

/** An id for an entry. Ids are ordered as their times; within a millisecond the order is random. */
export function newEntryId(nowMs: number): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return firstEntryId(nowMs) + toHex(random);
}

/** A text that sorts before the ids of all entries from `timeMs` on, and after the ids of all earlier entries. */
export function firstEntryId(timeMs: number): string {
  return Math.max(0, timeMs).toString(16).padStart(TIME_DIGITS, "0");
}
