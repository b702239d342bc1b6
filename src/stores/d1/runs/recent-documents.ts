import { isDocument } from "./run-document.ts";

/*
 * The documents that were in this isolate's last answers. Whoever asks the same again, as screens and sweeps do, has D1 send
 * only those that changed: most of such an answer's time is text on its way through D1's JSON. Nothing here is ever out of
 * date: D1 says the stamp of each document, and any change of a run deletes its document with the stamp.
 */

/** Kept in all, questions and documents: mostly a byte each, of an isolate's 128 MB. */
const MAX_CHARACTERS = 8_000_000;

interface StampedDocument {
  readonly stamp: number;
  readonly document: string;
}

/** Of one answer, by run id. */
export type RecentDocuments = ReadonlyMap<string, StampedDocument>;

interface Answer {
  readonly documents: RecentDocuments;
  readonly characters: number;
}

/** A row of a run, whose document is null where the run has none, or one that was among the documents told. */
export interface StampedRow {
  readonly run_id: string;
  readonly document: string | null;
  readonly stamp?: number | null;
}

/** By question, the least recently asked first. */
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

/** Keeps the documents of an answer in place of those before, and forgets others where they are too many. */
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
