import { MlflowError } from "../../src/domain/errors.ts";

/** The error with which `call` was refused: its code and message. Undefined if it was not refused. */
export function refusalOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof MlflowError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return undefined;
}
