import { queryOptions } from "@tanstack/react-query";
import { getJson, postJson } from "./client.ts";
import type { SharedLink } from "./shared-link.ts";

const LINKS = "ajax-api/2.0/trackflare/links";

/** A signed link, without its secret. Times in ms since 1970. */
export interface Link extends SharedLink {
  link_id: string;
  /** Who made it; null for the admin of the settings, and on a server that is open to its own machine. */
  username: string | null;
  creation_time: number;
  /** A quarter of an hour late at most. */
  last_used_time?: number;
}

/** What a link shall show: runs or experiments, or with `path` a file of the one run or of a logged model. */
export interface LinkedThing {
  run_ids?: readonly string[];
  experiment_ids?: readonly string[];
  model_id?: string;
  path?: string;
  /** The address within the UI that it opens. */
  address?: string;
}

/** The own links; for admins, everybody's. */
export const linksQuery = () =>
  queryOptions({
    queryKey: ["links"],
    queryFn: async ({ signal }) => (await getJson<{ links: Link[] }>(`${LINKS}/list`, undefined, signal)).links,
  });

/** @returns the link's whole address, which is shown once. */
export async function createLink(
  asked: LinkedThing & { name: string; expires_in_seconds: number },
): Promise<{ link: Link; url: string }> {
  const made = await postJson<{ link: Link; address: string }>(`${LINKS}/create`, asked);
  return { link: made.link, url: new URL(made.address, document.baseURI.replace(/#.*$/, "")).href };
}

export function revokeLink(link_id: string): Promise<unknown> {
  return postJson(`${LINKS}/revoke`, { link_id });
}
