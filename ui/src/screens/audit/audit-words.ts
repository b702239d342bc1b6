import type { AuditEntry } from "../../api/audit.ts";
import { formatTime } from "../../parts/format.ts";

/** What was done, in words that stand before the thing. An action of a newer server is told by its own name. */
const WORDS: Readonly<Record<string, string>> = {
  "user.create": "made the user",
  "user.password": "set the password of",
  "user.admin": "changed the admin's rights of",
  "user.delete": "deleted the user",
  "token.create": "made the token",
  "token.rotate": "rotated the token",
  "token.revoke": "revoked the token",
  "role.create": "made the role",
  "role.update": "changed the role",
  "role.delete": "deleted the role",
  "role.permission": "changed a permission of the role",
  "role.assign": "gave the role",
  "role.unassign": "took the role",
  "grant.set": "set a grant of",
  "grant.revoke": "revoked a grant of",
  "sign_in.begin": "signed in as",
  "sign_in.end": "ended a sign-in of",
  "sign_in.fail": "gave wrong passwords of",
  "run.delete": "deleted the run",
  "run.restore": "restored the run",
  "experiment.delete": "deleted the experiment",
  "experiment.restore": "restored the experiment",
  "logged_model.delete": "deleted the logged model",
  "logged_model.restore": "restored the logged model",
  "registered_model.delete": "deleted the registered model",
  "registered_model.rename": "renamed the registered model",
  "model_version.delete": "deleted the version",
  "model_version.stage": "changed the stage of",
  "alias.set": "set an alias of",
  "alias.delete": "deleted an alias of",
  "link.create": "made the link",
  "link.revoke": "revoked the link",
  "trash.purge": "deleted for good",
  "server.import": "imported",
  "server.restore": "restored a backup",
};

export const ACTIONS = [
  { value: "", label: "Every action" },
  ...Object.keys(WORDS).map((value) => ({ value, label: value })),
];

/** The entry as a sentence: who did what to what. */
export function sentenceOf({ username, action, target_type, target_id }: AuditEntry): string {
  const thing = target_id === "" ? target_type.replaceAll("_", " ") : target_id;
  return `${username || "Somebody"} ${WORDS[action] ?? action} ${thing}`;
}

/** The detail as `name: value`: times in the reader's zone, lists apart by spaces, other things as JSON unless they are texts. */
export function detailOf({ detail }: AuditEntry): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${valueText(name, value)}`)
    .join(", ");
}

function valueText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" && name.endsWith("_time")) return formatTime(value);
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(" ");
  return JSON.stringify(value);
}
