/** What the user can put right: printed as its message alone, without a stack. Exit code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** The `code` of a Node system error (`EADDRINUSE`, `EACCES`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
