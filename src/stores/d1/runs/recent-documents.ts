import { isDocument } from "./run-document.ts";

/*
 * A cache of the documents in this isolate's last answers. When a question is asked again, as screens and sweeps do, D1
 * sends only the documents that changed: most of such an answer's time goes into text passing through D1's JSON. The cache
 * is never stale: D1 gives the stamp of each document, and any change of a run deletes its document with the stamp.
 */

/** Most characters in the cache, questions and documents together: mostly a byte each, of an isolate's 128 MB. */
const MAX_CHARACTERS = 8_000_000;

interface StampedDocument {
  readonly stamp: number;
  readonly document: string;
}

/** The documents of one answer, by run id. */
export type RecentDocuments = ReadonlyMap<string, StampedDocument>;

interface Answer {
  readonly documents: RecentDocuments;
  readonly characters: number;
}

/** A row of a run. Its document is null if the run has none, or if D1 left the document out because it is in the cache. */
export interface StampedRow {
  readonly run_id: string;
  readonly document: string | null;
  readonly stamp?: number | null;
}

/** Answers by question, the least recently asked first. */
const answers = new Map<string, Answer>();
let characters = 0;

/** The documents of the last answer to `question`. */
export function recallDocuments(question: string): RecentDocuments {
  return answers.get(question)?.documents ?? new Map();
}

/** The rows with the documents that D1 left out because of `recent`. */
export function fillDocuments<Row extends StampedRow>(rows: readonly Row[], recent: RecentDocuments): Row[] {
  return rows.map((row) => {
    const known = row.document === null ? recent.get(row.run_id) : undefined;
    return known !== undefined && known.stamp === row.stamp ? { ...row, document: known.document } : row;
  });
}

/**
 * Caches the documents of an answer in place of the question's earlier ones, and drops other answers if the cache is too
 * large.
 */
export function rememberDocuments(question: string, rows: readonly StampedRow[]): void {
  forget(question);
  const documents = new Map<string, StampedDocument>();
  let length = question.length;
  for (const { run_id: runId, document, stamp } of rows) {
    if (typeof stamp !== "number" || !isDocument(document)) continue;
    documents.set(runId, { stamp, document });
    length += document.length;
  }
  if (length > MAX_CHARACTERS) return;
  answers.set(question, { documents, characters: length });
  characters += length;
  for (const oldest of answers.keys()) {
    if (characters <= MAX_CHARACTERS) break;
    forget(oldest);
  }
}

function forget(question: string): void {
  characters -= answers.get(question)?.characters ?? 0;
  answers.delete(question);
}
