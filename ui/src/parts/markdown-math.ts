import katex from "katex";

/** A formula in LaTeX as MathML, which browsers draw with their own fonts. A formula with a mistake stays as text. */
export function mathMarkup(formula: string, isBlock: boolean): string {
  return katex.renderToString(formula, {
    ...{ output: "mathml", displayMode: isBlock, throwOnError: false, trust: false, strict: "ignore" },
    maxExpand: 200,
    maxSize: 20,
  });
}
