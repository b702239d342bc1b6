import { MlflowError } from "../../src/domain/errors.ts";

/** What `call` was refused with: its code and whole message; `undefined` where it was not. */
export function refusalOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof MlflowError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return undefined;
}
