/*
 * Formulas over metrics: numbers, + - * / ^, brackets, a few functions, and metrics as filters spell them. Parsed here,
 * because the page's policy allows no text to run as code.
 */

/** A formula that is evaluated for each point. */
export type Formula = (of: (metric: string) => number) => number;

export interface ReadFormula {
  readonly metrics: readonly string[];
  readonly at: Formula;
}

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  log: Math.log,
  log10: Math.log10,
  exp: Math.exp,
  sqrt: Math.sqrt,
  abs: Math.abs,
  min: Math.min,
  max: Math.max,
};

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|metrics?\.(?:`([^`]+)`|"([^"]+)"|(\w+))|([a-z]\w*)|([-+*/^(),]))/iy;

/** @throws Error with a message for the reader */
export function readFormula(text: string): ReadFormula {
  const tokens: { kind: "number" | "metric" | "name" | "sign"; text: string }[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text.slice(0, end));
    if (match === null) throw new Error(`Cannot read “${text.slice(from).trim().slice(0, 20)}”.`);
    const [, number, quoted, doubled, plain, name, sign] = match;
    const metric = quoted ?? doubled ?? plain;
    if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (metric !== undefined) tokens.push({ kind: "metric", text: metric });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else tokens.push({ kind: "sign", text: sign! });
  }
  const metrics = new Set<string>();
  let next = 0;
  const skip = (sign: string): boolean => {
    if (tokens[next]?.kind !== "sign" || tokens[next]?.text !== sign) return false;
    next++;
    return true;
  };
  const need = (sign: string): void => {
    if (!skip(sign))
      throw new Error(`Expected “${sign}”${tokens[next] ? ` before “${tokens[next]!.text}”` : " at the end"}.`);
  };
  const sum = (): Formula => {
    let left = product();
    for (;;) {
      const [a, isPlus] = [left, skip("+")];
      if (!isPlus && !skip("-")) return left;
      const b = product();
      left = isPlus ? (of) => a(of) + b(of) : (of) => a(of) - b(of);
    }
  };
  const product = (): Formula => {
    let left = signed();
    for (;;) {
      const [a, isTimes] = [left, skip("*")];
      if (!isTimes && !skip("/")) return left;
      const b = signed();
      left = isTimes ? (of) => a(of) * b(of) : (of) => a(of) / b(of);
    }
  };
  const signed = (): Formula => {
    if (skip("-")) {
      const a = signed();
      return (of) => -a(of);
    }
    skip("+");
    const base = atom();
    if (!skip("^")) return base;
    const exponent = signed();
    return (of) => base(of) ** exponent(of);
  };
  const atom = (): Formula => {
    const token = tokens[next++];
    if (token === undefined) throw new Error("The formula ends too early.");
    if (token.kind === "number") {
      const value = Number(token.text);
      return () => value;
    }
    if (token.kind === "metric") {
      metrics.add(token.text);
      return (of) => of(token.text);
    }
    if (token.kind === "name") {
      const call = Object.hasOwn(FUNCTIONS, token.text) ? FUNCTIONS[token.text] : undefined;
      if (call === undefined) {
        throw new Error(
          `There is no “${token.text}”: metrics are written metrics.${token.text}, functions are ${Object.keys(FUNCTIONS).join(", ")}.`,
        );
      }
      need("(");
      const values = [sum()];
      while (skip(",")) values.push(sum());
      need(")");
      return (of) => call(...values.map((value) => value(of)));
    }
    if (token.text !== "(") throw new Error(`Expected a number or a metric before “${token.text}”.`);
    const inner = sum();
    need(")");
    return inner;
  };
  const at = sum();
  if (next < tokens.length) throw new Error(`Expected nothing more before “${tokens[next]!.text}”.`);
  if (metrics.size === 0) throw new Error("The formula names no metric, such as metrics.loss.");
  return { metrics: [...metrics], at };
}
