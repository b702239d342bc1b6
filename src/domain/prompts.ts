import type { KeyValue } from "./entities.ts";

/** The tag that distinguishes a prompt, which MLflow keeps as a registered model, from a model. */
export const IS_PROMPT_TAG = "mlflow.prompt.is_prompt";

/** Whether the tags belong to a prompt or a prompt version. Of two tags with one key, the later counts. */
export function isPrompt(tags: readonly KeyValue[]): boolean {
  return tags.findLast((tag) => tag.key === IS_PROMPT_TAG)?.value.toLowerCase() === "true";
}
