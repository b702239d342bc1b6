import { MlflowError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";
import type { Permission } from "../wire/route.ts";

/**
 * Lets the call through or throws PERMISSION_DENIED. There is one user so far, the admin, who may do everything that
 * names what it touches; grants of other users are looked up here, resource by resource.
 */
export function authorize(principal: Principal, permission: Permission<unknown>, input: unknown): void {
  if (permission === "public") return;
  const resources = permission.on(input);
  if (resources.length === 0 || !principal.isAdmin) throw new MlflowError("PERMISSION_DENIED", "Permission denied.");
}
