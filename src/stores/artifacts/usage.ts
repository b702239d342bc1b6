import type { Usage } from "./artifact-store.ts";

/** How much these objects are. */
export function usageOf(objects: readonly { readonly size: number }[]): Usage {
  return { files: objects.length, bytes: objects.reduce((sum, { size }) => sum + size, 0) };
}
