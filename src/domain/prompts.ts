import type { KeyValue } from "./entities.ts";

/** Tells a prompt, which MLflow keeps as a registered model, from a model. */
export const IS_PROMPT_TAG = "mlflow.prompt.is_prompt";

/** Whether tags are a prompt's, or a prompt version's; of two tags of one key the later counts. */
export function isPrompt(tags: readonly KeyValue[]): boolean {
  return tags.findLast((tag) => tag.key === IS_PROMPT_TAG)?.value.toLowerCase() === "true";
}
