import type { Usage } from "./artifact-store.ts";

/** The number and total size of these objects. */
export function usageOf(objects: readonly { readonly size: number }[]): Usage {
  return { files: objects.length, bytes: objects.reduce((sum, { size }) => sum + size, 0) };
}
