import { createHash } from "node:crypto";
import { invalidParameter } from "../domain/errors.ts";
import type { OrderColumn } from "./order.ts";
import type { Position } from "./plan.ts";

/** Room for ten text columns of the longest tag: 8,000 characters, of up to 6 bytes as JSON, in base64. */
const MAX_TOKEN_LENGTH = 650_000;

/** What a token belongs to, in few characters. `query` is all that decides which rows there are, and in which order. */
export function queryFingerprint(query: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(query)).digest("base64url").slice(0, 16);
}

export function pageToken(fingerprint: string, position: Position): string {
  return Buffer.from(JSON.stringify([fingerprint, ...position]), "utf8").toString("base64url");
}

/**
 * @param columns what the position of this query consists of.
 * @throws MlflowError INVALID_PARAMETER_VALUE for what is no token, or one of another query.
 */
export function parsePageToken(token: string, fingerprint: string, columns: readonly OrderColumn[]): Position {
  const [found, ...position] = decode(token);
  if (found !== fingerprint) {
    throw invalidParameter("Invalid page token: it belongs to another search; repeat the search without it.");
  }
  const fits =
    position.length === columns.length && columns.every((column, index) => isValueOf(column, position[index]));
  if (!fits) throw invalidParameter("Invalid page token.");
  return position as Position;
}

function decode(token: string): unknown[] {
  if (token.length <= MAX_TOKEN_LENGTH && /^[\w-]+$/.test(token)) {
    try {
      const decoded: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
      if (Array.isArray(decoded)) return decoded;
    } catch {
      // Said below.
    }
  }
  throw invalidParameter("Invalid page token.");
}

function isValueOf(column: OrderColumn, value: unknown): boolean {
  if (value === null) return column.nullable;
  if (column.type === "number") return typeof value === "number";
  return typeof value === "string" && (column.type === "text" || /^-?\d{1,19}$/.test(value));
}
