/** An error that the user can fix. Only its message is printed, without a stack. The exit code is 1. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** The `code` of a Node system error (`EADDRINUSE`, `EACCES`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
