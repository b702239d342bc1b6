import { invalidParameter } from "./errors.ts";

/*
 * The trash: what is in the stage `deleted`, which can be restored, or deleted for good ("purged").
 */

/** Kinds of things that are deleted for good, in the order in which that is done. */
export const TRASH_KINDS = ["experiment", "run", "logged_model"] as const;
export type TrashKind = (typeof TRASH_KINDS)[number];

/** A thing that is in the trash, or was asked for as if it were. */
export interface Trashed {
  readonly kind: TrashKind;
  readonly id: string;
  readonly name: string;
  readonly experimentId: string;
  /** Where its files are; of an experiment, its location. */
  readonly artifactUri: string;
  readonly isDeleted: boolean;
  /** In milliseconds; 0 where nobody knows. */
  readonly deletedTimeMs: number;
  /** Of an experiment, what goes with it; 0 of other things. */
  readonly runs: number;
  readonly loggedModels: number;
  /** Of an experiment: runs that were restored on their own, with which it stays. */
  readonly activeRuns: number;
}

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;

/**
 * The milliseconds of `#d#h#m#s`, where each part may be absent or have a fraction, as `mlflow gc --older-than` takes it.
 * @throws MlflowError INVALID_PARAMETER_VALUE
 */
export function parseAge(text: string): number {
  const number = String.raw`(\d+\.?\d*|\.\d+)`;
  const parts = new RegExp(`^(?:${number}d)?(?:${number}h)?(?:${number}m)?(?:${number}s)?$`).exec(text)?.slice(1);
  if (parts === undefined || text === "") {
    throw invalidParameter(
      `Could not parse any time information from '${text}'. Examples of valid strings: '8h', '2d8h5m20s', '2m4s'`,
    );
  }
  const units = Object.values(UNITS);
  return Math.floor(parts.reduce((sum, part, i) => sum + Number(part ?? 0) * (units[i] ?? 0), 0));
}
