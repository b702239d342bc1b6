/** MLflow's grammar has no escape: a text with both kinds of quotes loses the double ones. */
export function quoted(text: string): string {
  return text.includes("'") ? `"${text.replaceAll('"', "")}"` : `'${text}'`;
}

/** Starts as a condition of MLflow's grammar does: `name = …`, `tags.team LIKE …`. */
const CONDITION = /^\s*(name|tags?\.(\w[\w.]*|`[^`]+`|"[^"]+"))\s*(=|!=|<|>|I?LIKE\b)/i;

/** What is typed as a filter of MLflow's search: a condition as it stands, anything else is part of a name. */
export function modelFilter(text: string): string {
  const wanted = text.trim();
  if (wanted === "") return "";
  return CONDITION.test(wanted) ? wanted : `name ILIKE ${quoted(`%${wanted}%`)}`;
}
