import { diffLines, diffWordsWithSpace } from "diff";
import type { Token, TokenKind } from "./syntax.ts";

/** A piece of a line. A piece that only one side has is marked. */
export interface DiffPiece {
  readonly text: string;
  readonly isChanged: boolean;
}

/** A piece with one colour. */
export interface ColouredPiece extends DiffPiece {
  readonly kind: TokenKind | undefined;
}

/** A line of one side. */
export interface DiffSide {
  /** From 1. */
  readonly number: number;
  readonly pieces: readonly DiffPiece[];
}

/** Two texts side by side: if one of them lacks a line, its side is empty there. */
export interface DiffRow {
  readonly kind: "same" | "changed" | "gap";
  readonly left?: DiffSide;
  readonly right?: DiffSide;
  /** Of a gap: the number of equal lines that are left out. */
  readonly hidden?: number;
}

/** Lines around a change that are shown with it. */
const CONTEXT = 3;
/** Longer lines are compared as a whole. */
const MAX_WORDS = 2000;
/** The limit of the comparison's time. Texts that differ too much are shown one after the other. */
const MAX_MS = 2000;

/** The rows of two texts. Equal lines far from any change become one gap, unless `isWhole`. */
export function diffRows(left: string, right: string, isWhole = false): DiffRow[] {
  const changes = diffLines(left, right, { timeout: MAX_MS }) ?? [
    { value: left, removed: true, added: false },
    { value: right, removed: false, added: true },
  ];
  const rows: DiffRow[] = [];
  let [leftNumber, rightNumber] = [1, 1];
  for (let index = 0; index < changes.length; index++) {
    const change = changes[index]!;
    const lines = linesOf(change.value);
    if (!change.removed && !change.added) {
      for (const text of lines) {
        const pieces = [{ text, isChanged: false }];
        rows.push({
          kind: "same",
          left: { number: leftNumber++, pieces },
          right: { number: rightNumber++, pieces },
        });
      }
      continue;
    }
    const next = changes[index + 1];
    const isPair = change.removed && next?.added === true;
    const removed = change.removed ? lines : [];
    const added = isPair ? linesOf(next.value) : change.added ? lines : [];
    if (isPair) index++;
    for (let line = 0; line < Math.max(removed.length, added.length); line++) {
      const [before, after] = wordsOf(removed[line], added[line]);
      rows.push({
        kind: "changed",
        ...(before && { left: { number: leftNumber++, pieces: before } }),
        ...(after && { right: { number: rightNumber++, pieces: after } }),
      });
    }
  }
  return isWhole ? rows : folded(rows);
}

/** A line's pieces, divided where colours begin. */
export function colourPieces(
  { number, pieces }: DiffSide,
  colour: ((index: number) => readonly Token[]) | undefined,
): ColouredPiece[] {
  const plain = pieces.map((piece) => ({ ...piece, kind: undefined }));
  if (colour === undefined) return plain;
  const tokens = colour(number - 1);
  const coloured: ColouredPiece[] = [];
  let [token, at] = [0, 0];
  for (const { text, isChanged } of pieces) {
    for (let from = 0; from < text.length; ) {
      const of = tokens[token];
      if (of === undefined) return plain;
      const to = Math.min(text.length, from + of.text.length - at);
      coloured.push({ text: text.slice(from, to), isChanged, kind: of.kind });
      at += to - from;
      from = to;
      if (at === of.text.length) [token, at] = [token + 1, 0];
    }
  }
  return coloured;
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function wordsOf(
  before: string | undefined,
  after: string | undefined,
): [DiffPiece[] | undefined, DiffPiece[] | undefined] {
  const whole = (text: string): DiffPiece[] => [{ text, isChanged: true }];
  if (before === undefined || after === undefined || before.length + after.length > MAX_WORDS) {
    return [before === undefined ? undefined : whole(before), after === undefined ? undefined : whole(after)];
  }
  const pieces = diffWordsWithSpace(before, after);
  return [
    pieces.filter(({ added }) => !added).map(({ value, removed }) => ({ text: value, isChanged: removed })),
    pieces.filter(({ removed }) => !removed).map(({ value, added }) => ({ text: value, isChanged: added })),
  ];
}

function folded(rows: readonly DiffRow[]): DiffRow[] {
  const isNear = new Array<boolean>(rows.length).fill(false);
  for (const [index, { kind }] of rows.entries()) {
    if (kind === "changed") isNear.fill(true, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  }
  const kept: DiffRow[] = [];
  for (let from = 0; from < rows.length; ) {
    if (isNear[from]) {
      kept.push(rows[from]!);
      from++;
      continue;
    }
    const end = isNear.indexOf(true, from);
    const to = end < 0 ? rows.length : end;
    // A gap of one line takes as much place as the line.
    if (to - from === 1) kept.push(rows[from]!);
    else kept.push({ kind: "gap", hidden: to - from });
    from = to;
  }
  return kept;
}
