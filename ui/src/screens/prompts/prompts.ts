import { createModelVersion, type ModelVersion, searchModelVersions } from "../../api/model-versions.ts";
import { createRegisteredModel } from "../../api/registered-models.ts";
import { type KeyValue, valueFor } from "../../api/wire.ts";
import { quoted } from "../registry/registry-filter.ts";

/* MLflow keeps a prompt as a registered model, and its text in a tag of each version. */

const IS_PROMPT = { key: "mlflow.prompt.is_prompt", value: "true" };
const TEXT_TAG = "mlflow.prompt.text";
const TYPE_TAG = "_mlflow_prompt_type";
/** The source that MLflow's clients give versions without files. */
const NO_SOURCE = "dummy-source";
const PAGE = 1000;

export const ONLY_PROMPTS = `tags.\`${IS_PROMPT.key}\` = 'true'`;

export interface Message {
  readonly role: string;
  readonly content: string;
}

/** The text of a version, as its writer typed it. */
export function textOf({ tags }: ModelVersion): string {
  return valueFor(tags, TEXT_TAG) ?? "";
}

/** The messages of a version that is a chat; undefined of others. */
export function messagesOf(version: ModelVersion): Message[] | undefined {
  if (valueFor(version.tags, TYPE_TAG) !== "chat") return undefined;
  try {
    const messages: unknown = JSON.parse(textOf(version));
    if (!Array.isArray(messages)) return undefined;
    return messages.map(({ role, content }) => ({
      role: String(role),
      content: typeof content === "string" ? content : JSON.stringify(content, undefined, 2),
    }));
  } catch {
    return undefined;
  }
}

/** The names in `{{…}}`, in order, each once. */
export function variablesOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(/\{\{\s*([\w.]+)\s*\}\}/g), ([, name]) => name!))];
}

/** All versions of a prompt, the latest first. */
export async function listVersions(name: string, signal?: AbortSignal): Promise<ModelVersion[]> {
  const versions: ModelVersion[] = [];
  let token: string | undefined;
  do {
    const page = await searchModelVersions(
      { filter: `name = ${quoted(name)} AND ${ONLY_PROMPTS}`, max_results: PAGE, ...(token && { page_token: token }) },
      signal,
    );
    versions.push(...(page.model_versions ?? []));
    token = page.next_page_token || undefined;
  } while (token !== undefined);
  return versions.sort((a, b) => Number(b.version) - Number(a.version));
}

/** A new version; `isNew` creates the prompt first. */
export async function writePrompt(input: {
  name: string;
  text: string;
  message: string;
  isNew: boolean;
}): Promise<ModelVersion> {
  const { name, text, message, isNew } = input;
  if (isNew) await createRegisteredModel({ name, tags: [IS_PROMPT] });
  const tags: KeyValue[] = [IS_PROMPT, { key: TEXT_TAG, value: text }, { key: TYPE_TAG, value: "text" }];
  return createModelVersion({ name, source: NO_SOURCE, tags, ...(message !== "" && { description: message }) });
}
