/** What one look has found. */
export interface Finding {
  /** `wrong` is what keeps the server from working; `note` is what to know, or to do one day. */
  readonly state: "good" | "note" | "wrong";
  readonly what: string;
  /** What to do about it. */
  readonly advice?: string;
}

export const good = (what: string): Finding => ({ state: "good", what });
export const note = (what: string, advice?: string): Finding => ({ state: "note", what, ...(advice && { advice }) });
export const wrong = (what: string, advice: string): Finding => ({ state: "wrong", what, advice });

const SIGNS = { good: "ok   ", note: "note ", wrong: "WRONG" } as const;

/** For people: a line for each finding, and below it what to do. */
export function findingsText(findings: readonly Finding[]): string {
  return findings
    .flatMap(({ state, what, advice }) => [`${SIGNS[state]}  ${what}`, ...(advice ? [`       ${advice}`] : [])])
    .join("\n");
}
