import { invalidParameter } from "./errors.ts";

/*
 * The trash: things in the stage `deleted`, which can be restored or deleted for good ("purged").
 */

/** Kinds of things that can be deleted for good, in the order of their deletion. */
export const TRASH_KINDS = ["experiment", "run", "logged_model"] as const;
export type TrashKind = (typeof TRASH_KINDS)[number];

/** A thing that is in the trash, or that a request names as if it were. */
export interface Trashed {
  readonly kind: TrashKind;
  readonly id: string;
  readonly name: string;
  readonly experimentId: string;
  /** Where the thing's files are. For an experiment, this is its location. */
  readonly artifactUri: string;
  readonly isDeleted: boolean;
  /** In milliseconds; 0 where the time is unknown. */
  readonly deletedTimeMs: number;
  /** How many runs and logged models are deleted together with an experiment; 0 for other things. */
  readonly runs: number;
  readonly loggedModels: number;
  /** How many of an experiment's runs were restored on their own. With such runs, the experiment stays. */
  readonly activeRuns: number;
}

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;

/**
 * The milliseconds of `#d#h#m#s`, the format of `mlflow gc --older-than`: each part may be absent or have a fraction.
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
