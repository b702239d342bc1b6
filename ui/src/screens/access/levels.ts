import type { GrantLevel } from "../../api/grants.ts";

/** The levels of grants, in words. */
export const LEVELS: readonly { value: GrantLevel; label: string }[] = [
  { value: "READ", label: "Read" },
  { value: "USE", label: "Use" },
  { value: "EDIT", label: "Log and change" },
  { value: "MANAGE", label: "Manage" },
  { value: "DENY", label: "Nothing (deny)" },
];
