import { nameTaken } from "./artifact-errors.ts";

/** The look-ups that a store without folders needs before a put. */
interface Names {
  readonly head: (key: string) => Promise<unknown>;
  /** Whether any key begins with this folder's name, which ends with a slash. */
  readonly hasBelow: (folder: string) => Promise<boolean>;
}

/**
 * Refuses a key that has keys below it, or a file above it, so that a name means the same in a bucket as on a disk. If two
 * uploads race past this check, both objects are readable by key.
 * @throws MlflowError INVALID_PARAMETER_VALUE.
 */
export async function refuseIfTaken(key: string, { head, hasBelow }: Names): Promise<void> {
  const segments = key.split("/");
  const above = segments.slice(0, -1).map((_, i) => segments.slice(0, i + 1).join("/"));
  const [isFolder, ...files] = await Promise.all([hasBelow(`${key}/`), ...above.map(head)]);
  if (isFolder || files.some((file) => file !== undefined && file !== null)) throw nameTaken(key);
}
