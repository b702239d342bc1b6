/** An output of a cell: text, a picture or an error. */
export type NotebookOutput =
  | { readonly kind: "text"; readonly text: string; readonly isError: boolean }
  | { readonly kind: "image"; readonly url: string }
  | { readonly kind: "markdown"; readonly text: string };

export interface NotebookCell {
  readonly kind: "markdown" | "code" | "raw";
  readonly source: string;
  /** The cell's execution count; undefined if the cell was not run. */
  readonly count: number | undefined;
  readonly outputs: readonly NotebookOutput[];
}

export interface Notebook {
  /** Of its code, as file names have it: `py`. */
  readonly extension: string;
  readonly cells: readonly NotebookCell[];
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** Jupyter keeps a text as one, or as its lines. */
const joined = (value: unknown): string =>
  typeof value === "string"
    ? value
    : list(value)
        .filter((line) => typeof line === "string")
        .join("");

const EXTENSIONS: Readonly<Record<string, string>> = { python: "py", r: "r", julia: "jl", javascript: "js" };

/** @returns undefined if the JSON is no notebook */
export function readNotebook(json: unknown): Notebook | undefined {
  const { cells, metadata, worksheets } = object(json);
  const found = Array.isArray(cells) ? cells : list(object(list(worksheets)[0]).cells);
  if (found.length === 0) return undefined;
  const language = joined(object(object(metadata).language_info).name) || "python";
  return { extension: EXTENSIONS[language.toLowerCase()] ?? "txt", cells: found.map((cell) => readCell(object(cell))) };
}

function readCell({ cell_type, source, input, execution_count, outputs }: Json): NotebookCell {
  return {
    kind: cell_type === "markdown" || cell_type === "code" ? cell_type : "raw",
    source: joined(source ?? input),
    count: typeof execution_count === "number" ? execution_count : undefined,
    outputs: list(outputs).flatMap((output) => readOutput(object(output))),
  };
}

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/svg+xml"];

function readOutput({ output_type, name, text, data, traceback, evalue }: Json): NotebookOutput[] {
  if (output_type === "stream") return [{ kind: "text", text: joined(text), isError: name === "stderr" }];
  if (output_type === "error") {
    const lines = list(traceback).filter((line) => typeof line === "string");
    return [{ kind: "text", text: lines.length > 0 ? lines.join("\n") : joined(evalue), isError: true }];
  }
  const bundle = object(data);
  for (const type of IMAGES) {
    if (!(type in bundle)) continue;
    const content = joined(bundle[type]);
    const isText = type === "image/svg+xml";
    // As an image nothing of an SVG runs.
    const url = isText ? `data:${type},${encodeURIComponent(content)}` : `data:${type};base64,${content.trim()}`;
    return [{ kind: "image", url }];
  }
  if ("text/markdown" in bundle) return [{ kind: "markdown", text: joined(bundle["text/markdown"]) }];
  if ("text/latex" in bundle) return [{ kind: "markdown", text: joined(bundle["text/latex"]) }];
  return [{ kind: "text", text: joined(bundle["text/plain"] ?? text), isError: false }];
}
