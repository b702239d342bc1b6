import { counted } from "../counted.ts";
/** The kinds of things, named by the fields of the server's answers. */
export const KINDS = ["runs", "logged_models", "experiments"] as const;
export type Kind = (typeof KINDS)[number];

/** A thing in the server's answer. */
export interface Thing {
  readonly run_id?: string;
  readonly model_id?: string;
  readonly experiment_id?: string;
  readonly files?: number;
  readonly bytes?: number;
  readonly artifacts_left?: string;
  readonly reason?: string;
}

export interface Failure {
  readonly kind: string;
  readonly id: string;
  readonly message: string;
}

const NAMES: Readonly<Record<Kind, string>> = {
  runs: "Run",
  logged_models: "Logged model",
  experiments: "Experiment",
};

const idOf = ({ run_id, model_id, experiment_id }: Thing) => run_id ?? model_id ?? experiment_id ?? "";

/** The report of what was deleted for good, or would be deleted. */
export class GcReport {
  readonly isDryRun: boolean;
  readonly #ids: Record<Kind, Set<string>> = { runs: new Set(), logged_models: new Set(), experiments: new Set() };
  readonly #kept = new Map<string, string>();
  readonly #artifactsLeft = new Set<string>();
  files = 0;
  bytes = 0;
  failures: readonly Failure[] = [];
  unfinished = 0;

  constructor(isDryRun: boolean) {
    this.isDryRun = isDryRun;
  }

  add(kind: Kind, things: readonly Thing[]): void {
    for (const thing of things) {
      this.#ids[kind].add(idOf(thing));
      this.files += thing.files ?? 0;
      this.bytes += thing.bytes ?? 0;
      if (thing.artifacts_left !== undefined) this.#artifactsLeft.add(thing.artifacts_left);
    }
  }

  keep(things: readonly Thing[]): void {
    for (const thing of things) this.#kept.set(idOf(thing), thing.reason ?? "");
  }

  leave(uris: readonly string[]): void {
    for (const uri of uris) this.#artifactsLeft.add(uri);
  }

  get count(): number {
    return KINDS.reduce((sum, kind) => sum + this.#ids[kind].size, 0);
  }

  get isComplete(): boolean {
    return this.isDryRun || (this.unfinished === 0 && this.failures.length === 0);
  }

  toJSON(): object {
    return {
      dry_run: this.isDryRun,
      ...Object.fromEntries(KINDS.map((kind) => [kind, [...this.#ids[kind]]])),
      files: this.files,
      bytes: this.bytes,
      kept: Object.fromEntries(this.#kept),
      artifacts_left: [...this.#artifactsLeft],
      unfinished: this.unfinished,
      failures: this.failures,
    };
  }

  toText(): string {
    const verb = this.isDryRun ? "would be" : "has been";
    const lines = KINDS.flatMap((kind) =>
      [...this.#ids[kind]].map((id) => `${NAMES[kind]} with ID ${id} ${verb} permanently deleted.`),
    );
    for (const [id, reason] of this.#kept) lines.push(`${id} stays: ${reason}`);
    for (const uri of this.#artifactsLeft) lines.push(`The files at ${uri} stay: this server does not keep them.`);
    for (const { kind, id, message } of this.failures) lines.push(`${kind} ${id} is not gone yet: ${message}`);
    const sizes = `${counted(this.files, "file")}, ${sizeText(this.bytes)}`;
    lines.push(
      this.count === 0 && this.files === 0
        ? "There is nothing to delete."
        : `${counted(this.count, "thing")}, ${sizes}${this.isDryRun ? " would be freed" : " freed"}.`,
    );
    if (this.unfinished > 0) lines.push(`${counted(this.unfinished, "thing")} not gone yet: start it again.`);
    return lines.join("\n");
  }
}

function sizeText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
