/* Reads a model's `MLmodel` file. It parses only these few lines of the YAML that MLflow writes. */

export interface MlmodelColumn {
  name: string;
  /** Such as `double`, or a tensor's `float32 (-1, 28, 28)`. */
  type: string;
  isOptional: boolean;
}

export interface Mlmodel {
  /** Such as `python_function`, `sklearn`. */
  flavors: string[];
  inputs: MlmodelColumn[];
  outputs: MlmodelColumn[];
  params: MlmodelColumn[];
}

export function parseMlmodel(text: string): Mlmodel {
  const lines = text.split(/\r?\n/);
  const flavors = block(lines, "flavors").flatMap((line) => /^ {2}([^\s:]+):/.exec(line)?.[1] ?? []);
  const signature = block(lines, "signature");
  return {
    flavors,
    inputs: columns(scalar(signature, "inputs")),
    outputs: columns(scalar(signature, "outputs")),
    params: columns(scalar(signature, "params")),
  };
}

/** The indented lines below a key of the first level. */
function block(lines: readonly string[], key: string): string[] {
  const start = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^\S/.test(line));
  return end < 0 ? rest : rest.slice(0, end);
}

/** A key's text, which long lines fold: a fold is a space. */
function scalar(lines: readonly string[], key: string): string {
  const start = lines.findIndex((line) => line.startsWith(`  ${key}:`));
  const first = lines[start];
  if (first === undefined) return "";
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^ {2}\S/.test(line));
  const folded = (end < 0 ? rest : rest.slice(0, end)).map((line) => line.trim());
  const text = [first.slice(key.length + 3).trim(), ...folded].join(" ").trim();
  if (text.startsWith("'")) return text.slice(1, text.lastIndexOf("'")).replaceAll("''", "'");
  return text === "null" ? "" : text;
}

function columns(json: string): MlmodelColumn[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json === "" ? "[]" : json);
  } catch {
    return [];
  }
  return Array.isArray(parsed) ? parsed.map(column) : [];
}

function column(raw: unknown, index: number): MlmodelColumn {
  const field = fields(raw);
  const name = typeof field.name === "string" ? field.name : String(index);
  return { name, type: typeText(raw), isOptional: field.required === false || "default" in field };
}

function fields(raw: unknown): Record<string, unknown> {
  return typeof raw === "object" && raw !== null ? { ...raw } : {};
}

function typeText(raw: unknown): string {
  const { type, "tensor-spec": tensor, items } = fields(raw);
  if (type === "tensor" && tensor !== undefined) {
    const { dtype, shape } = fields(tensor);
    return `${String(dtype)} (${Array.isArray(shape) ? shape.join(", ") : ""})`;
  }
  if (type === "array" && items !== undefined) return `array of ${typeText(items)}`;
  return typeof type === "string" ? type : JSON.stringify(raw);
}
