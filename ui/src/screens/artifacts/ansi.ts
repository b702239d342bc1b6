import Anser from "anser";
import type { Token, TokenKind } from "../../parts/syntax.ts";

const ESCAPE = "\u001b[";

/** The colours of terminals as colours of this UI. Other colours are plain. */
const KINDS: Readonly<Record<string, TokenKind>> = {
  ...{ red: "danger", green: "success", yellow: "warning", blue: "number", magenta: "word", cyan: "key" },
  black: "comment",
};

/** Whether a line has control characters of terminals. */
export const isAnsi = (line: string): boolean => line.includes(ESCAPE) || /\r(?!$)/.test(line);

/**
 * A line as a terminal shows it: with colours in place of their codes. Of text that overwrote itself, such as a
 * progress bar, the last state.
 */
export function ansiTokens(line: string): Token[] {
  const last = line.replace(/\r+$/, "").split("\r").at(-1) ?? "";
  return Anser.ansiToJson(last, { use_classes: true, remove_empty: true }).map(({ content, fg }) => ({
    text: content,
    kind: KINDS[(fg ?? "").replace(/^ansi-(bright-)?/, "")],
  }));
}
