import { reachFields } from "../domain/link.ts";
import type { Link } from "../stores/d1/access/links.ts";

/** A link for its maker, without its secret. Times are milliseconds since 1970. */
export function linkToWire(link: Link): object {
  return {
    link_id: link.linkId,
    username: link.username,
    name: link.name,
    ...reachFields(link.reach),
    address: link.address,
    creation_time: link.creationTimeMs,
    expiration_time: link.expirationTimeMs,
    last_used_time: link.lastUsedTimeMs,
  };
}
