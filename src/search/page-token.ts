import { createHash } from "node:crypto";
import { invalidParameter } from "../domain/errors.ts";
import type { OrderColumn, Position } from "./order.ts";

/** Room for ten text columns with the longest tag value: 8,000 characters of up to 6 bytes as JSON, in base64. */
const MAX_TOKEN_LENGTH = 650_000;

/**
 * A short fingerprint of the query that a token belongs to. `query` is everything that decides the rows and their order.
 */
export function queryFingerprint(query: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(query)).digest("base64url").slice(0, 16);
}

export function pageToken(fingerprint: string, position: Position): string {
  return Buffer.from(JSON.stringify([fingerprint, ...position]), "utf8").toString("base64url");
}

/**
 * @param columns the columns that make up a position of this query.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a text that is not a token, or for a token of another query.
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
      // Reported below.
    }
  }
  throw invalidParameter("Invalid page token.");
}

function isValueOf(column: OrderColumn, value: unknown): boolean {
  if (value === null) return column.nullable;
  if (column.type === "number") return typeof value === "number";
  return typeof value === "string" && (column.type === "text" || /^-?\d{1,19}$/.test(value));
}
