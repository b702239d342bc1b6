import type { QueryClient } from "@tanstack/react-query";
import { addressOfLink, openSharedLink, sharedLinkQuery } from "../api/shared-link.ts";

/** What follows the `#` in the address that was sent. */
const SECRET = /^#([0-9A-Za-z]{20,})$/;

/**
 * Opens a signed link before anything of its page is shown: the secret leaves the address, so that it is neither on the
 * screen nor in the history, and the address of what the link shows takes its place. Errors are for the page to tell.
 */
export async function openShared(queries: QueryClient): Promise<void> {
  const [, secret] = SECRET.exec(location.hash) ?? [];
  if (secret !== undefined) {
    history.replaceState(null, "", "#/");
    // The cookie of an earlier visit may still open it.
    await openSharedLink(secret).catch(() => undefined);
  }
  const link = await queries.fetchQuery(sharedLinkQuery()).catch(() => undefined);
  if (link !== undefined && /^#?\/?$/.test(location.hash)) {
    history.replaceState(null, "", `#${addressOfLink(link)}`);
  }
}
