import { fieldOf, fieldsOf, textOf } from "../protobuf.ts";
import { recordsOf } from "./log-file.ts";
import { parseValue, type WandbValue } from "./values.ts";

/*
 * What a run's log has. The numbers are fields of `Record` and of its parts (wandb/proto/wandb_internal.proto).
 */

/** The run itself. A resumed run is told once in each of its logs. */
export interface RunHead {
  readonly runId: string;
  readonly entity: string;
  readonly project: string;
  readonly name: string;
  readonly notes: string;
  readonly group: string;
  readonly jobType: string;
  readonly sweepId: string;
  readonly host: string;
  readonly tags: readonly string[];
  readonly startMs: number | undefined;
}

/** Names and values that were set, and names that were removed. A nested name has a part for each level. */
export interface Change {
  readonly set: readonly (readonly [path: readonly string[], value: WandbValue])[];
  readonly removed: readonly (readonly string[])[];
}

/** A file of an artifact that the run logged. */
export interface ManifestFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** The file on the machine that logged; empty if the artifact only refers to `ref`. */
  readonly localPath: string;
  readonly ref: string;
}

export interface LoggedArtifact {
  readonly type: string;
  readonly name: string;
  readonly description: string;
  /** JSON. */
  readonly metadata: string;
  readonly aliases: readonly string[];
  /** Empty if there are more than W&B writes into a log: 100,000. */
  readonly files: readonly ManifestFile[];
  readonly hasMoreFiles: boolean;
}

/** What W&B notes of the machine and the program, as far as a run has a place for it. */
export interface Metadata {
  readonly username?: string;
  readonly program?: string;
  readonly git?: { readonly remote?: string; readonly commit?: string };
}

export type RunEvent =
  | { readonly kind: "run"; readonly head: RunHead; readonly config: Change }
  | { readonly kind: "config" | "summary"; readonly change: Change }
  | { readonly kind: "history"; readonly step: bigint | undefined; readonly items: Change["set"] }
  | { readonly kind: "stats"; readonly timestampMs: number; readonly items: Change["set"] }
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "artifact"; readonly artifact: LoggedArtifact }
  | { readonly kind: "metadata"; readonly metadata: Metadata }
  | { readonly kind: "exit"; readonly exitCode: number };

/**
 * Reads the events of a run's log in order. Events of other kinds are left out.
 * @param onProblem is called for each part that cannot be read
 */
export function* eventsOf(path: string, onProblem: (why: string) => void): Generator<RunEvent> {
  let number = 0;
  for (const record of recordsOf(path, onProblem)) {
    number++;
    let events: RunEvent[] = [];
    try {
      events = [...fieldsOf(record)].flatMap((field) => eventOf(field.number, field.bytes) ?? []);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
      onProblem(`record ${number} cannot be read: ${error.message}`);
    }
    yield* events;
  }
}

function eventOf(number: number, bytes: Uint8Array): RunEvent | undefined {
  switch (number) {
    case 2:
      return historyOf(bytes);
    case 3:
      return { kind: "summary", change: changeOf(bytes) };
    case 5:
      return { kind: "config", change: changeOf(bytes) };
    case 7:
      return { kind: "stats", timestampMs: timestampOf(fieldOf(bytes, 2)) ?? 0, items: itemsOf(bytes, 3) };
    case 8:
      return { kind: "artifact", artifact: artifactOf(bytes) };
    case 13:
      return { kind: "output", text: textOf(fieldOf(bytes, 3)) };
    case 17:
      return { kind: "run", head: headOf(bytes), config: changeOf(fieldOf(bytes, 4) ?? NO_BYTES) };
    case 26:
      return { kind: "metadata", metadata: metadataOf(bytes) };
    case 18:
      return { kind: "exit", exitCode: Number(BigInt.asIntN(32, integerOf(bytes, 1) ?? 0n)) };
  }
  return undefined;
}

const NO_BYTES = new Uint8Array();

function headOf(run: Uint8Array): RunHead {
  const text = (number: number) => textOf(fieldOf(run, number));
  return {
    runId: text(1),
    entity: text(2),
    project: text(3),
    group: text(6),
    jobType: text(7),
    name: text(8),
    notes: text(9),
    tags: textsOf(run, 10),
    sweepId: text(12),
    host: text(13),
    startMs: timestampOf(fieldOf(run, 17)),
  };
}

/** A run tells its metadata several times, each time a part. */
function metadataOf(environment: Uint8Array): Metadata {
  const [program, git, username] = [6, 9, 13].map((number) => fieldOf(environment, number));
  return {
    ...(username && { username: textOf(username) }),
    ...(program && { program: textOf(program) }),
    ...(git && { git: { remote: textOf(fieldOf(git, 1)), commit: textOf(fieldOf(git, 2)) } }),
  };
}

function historyOf(history: Uint8Array): RunEvent {
  const step = fieldOf(history, 2);
  return {
    kind: "history",
    // A step of 0 has no field.
    step: step === undefined ? undefined : BigInt.asIntN(64, integerOf(step, 1) ?? 0n),
    items: itemsOf(history, 1),
  };
}

function changeOf(record: Uint8Array): Change {
  return { set: itemsOf(record, 1), removed: messagesOf(record, 2).map(pathOf) };
}

/** @param number of the field whose messages are a name and a value each */
function itemsOf(record: Uint8Array, number: number): Change["set"] {
  return messagesOf(record, number).map((item) => [pathOf(item), parseValue(textOf(fieldOf(item, 16)) || "null")]);
}

function pathOf(item: Uint8Array): string[] {
  const nested = textsOf(item, 2);
  return nested.length > 0 ? nested : [textOf(fieldOf(item, 1))];
}

function artifactOf(artifact: Uint8Array): LoggedArtifact {
  const text = (number: number) => textOf(fieldOf(artifact, number));
  const manifest = fieldOf(artifact, 12) ?? NO_BYTES;
  const entries = messagesOf(manifest, 4);
  return {
    type: text(4),
    name: text(5),
    description: text(7),
    metadata: text(8),
    aliases: textsOf(artifact, 11),
    hasMoreFiles: textOf(fieldOf(manifest, 5)) !== "",
    files: entries.map((entry) => ({
      path: textOf(fieldOf(entry, 1)),
      ref: textOf(fieldOf(entry, 3)),
      sizeBytes: Number(integerOf(entry, 4) ?? 0n),
      localPath: textOf(fieldOf(entry, 6)),
    })),
  };
}

/** @returns undefined for no timestamp */
function timestampOf(timestamp: Uint8Array | undefined): number | undefined {
  if (timestamp === undefined) return undefined;
  const [seconds, nanos] = [integerOf(timestamp, 1) ?? 0n, integerOf(timestamp, 2) ?? 0n];
  return Number(BigInt.asIntN(64, seconds)) * 1000 + Math.floor(Number(nanos) / 1e6);
}

function messagesOf(message: Uint8Array, number: number): Uint8Array[] {
  return [...fieldsOf(message)].flatMap((field) => (field.number === number ? [field.bytes] : []));
}

function textsOf(message: Uint8Array, number: number): string[] {
  return messagesOf(message, number).map(textOf);
}

function integerOf(message: Uint8Array, number: number): bigint | undefined {
  let found: bigint | undefined;
  for (const field of fieldsOf(message)) if (field.number === number) found = field.integer;
  return found;
}
