import { queryOptions } from "@tanstack/react-query";
import { getJson, postJson } from "./client.ts";

/*
 * The page of a signed link: the same files below `/shared/<link id>/`. There the server knows nobody but the link, which
 * shows one thing, read-only.
 */

/** Whether this page is a signed link's. */
export const IS_SHARED = /\/shared\/[0-9A-Za-z]{12}\/$/.test(location.pathname);

/** What a link shows. */
export interface SharedLink {
  name: string;
  kind: "runs" | "experiments" | "file";
  run_ids?: string[];
  experiment_ids?: string[];
  model_id?: string;
  /** The file or folder. */
  path?: string;
  /** The view that the link opens; "" for the thing's own page. */
  address: string;
  /** In ms since 1970. */
  expiration_time: number;
}

export const sharedLinkQuery = () =>
  queryOptions({
    queryKey: ["shared-link"],
    queryFn: ({ signal }) => getJson<SharedLink>("ui-api/link", undefined, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Exchanges the secret of the link's address for a cookie. */
export function openSharedLink(secret: string): Promise<unknown> {
  return postJson("open", { secret });
}

/** The address within the UI that a link opens, without the `#`. */
export function addressOfLink({ kind, address, run_ids = [], experiment_ids = [] }: SharedLink): string {
  if (kind === "file") return "/file";
  if (address !== "") return address;
  if (kind === "experiments") return `/experiments/${experiment_ids.join(",")}`;
  const [only, another] = run_ids;
  return another === undefined ? `/runs/${only}` : `/compare?runs=${run_ids.join(",")}`;
}
