/** MLflow's grammar has no escape: a text with both kinds of quotes loses the double ones. */
export function quoted(text: string): string {
  return text.includes("'") ? `"${text.replaceAll('"', "")}"` : `'${text}'`;
}

/** Starts as a condition of MLflow's grammar does: `name = …`, `tags.team LIKE …`. */
const CONDITION = /^\s*(name|tags?\.(\w[\w.]*|`[^`]+`|"[^"]+"))\s*(=|!=|<|>|I?LIKE\b)/i;

/** The typed text as a filter of MLflow's search. A condition stays as it is. Any other text is a part of a name. */
export function modelFilter(text: string): string {
  const wanted = text.trim();
  if (wanted === "") return "";
  return CONDITION.test(wanted) ? wanted : `name ILIKE ${quoted(`%${wanted}%`)}`;
}
