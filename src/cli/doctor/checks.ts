/** The finding of one check. */
export interface Finding {
  /** `wrong` keeps the server from working. `note` is something to know, or to do later. */
  readonly state: "good" | "note" | "wrong";
  readonly what: string;
  /** How to fix it. */
  readonly advice?: string;
}

export const good = (what: string): Finding => ({ state: "good", what });
export const note = (what: string, advice?: string): Finding => ({ state: "note", what, ...(advice && { advice }) });
export const wrong = (what: string, advice: string): Finding => ({ state: "wrong", what, advice });

const SIGNS = { good: "ok   ", note: "note ", wrong: "WRONG" } as const;

/** A report for people: a line for each finding, and below it how to fix it. */
export function findingsText(findings: readonly Finding[]): string {
  return findings
    .flatMap(({ state, what, advice }) => [`${SIGNS[state]}  ${what}`, ...(advice ? [`       ${advice}`] : [])])
    .join("\n");
}
