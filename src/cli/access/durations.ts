import { UserError } from "../user-error.ts";

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** @returns the seconds of a duration such as `90d`, `12h`, `30m` or `45s`. @throws {UserError} for any other text. */
export function secondsOf(flag: string, text: string): number {
  const [, number, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (unit === undefined) throw new UserError(`${flag} must be a time such as 90d, 12h or 30m.`);
  return Number(number) * SECONDS[unit as keyof typeof SECONDS];
}
