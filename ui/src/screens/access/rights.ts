import { useQueries, useQuery } from "@tanstack/react-query";
import { type GrantedThing, type GrantLevel, levelQuery } from "../../api/grants.ts";
import { sessionQuery } from "../../api/session.ts";
import { IS_SHARED } from "../../api/shared-link.ts";

/** What the reader may change, so that screens offer nothing else. */
export interface Rights {
  readonly mayEdit: boolean;
  readonly mayManage: boolean;
}

const ALL: Rights = { mayEdit: true, mayManage: true };
const NONE: Rights = { mayEdit: false, mayManage: false };

/** Beyond so many things the server is not asked about each; it still decides when something is changed. */
const MAX_ASKED = 20;

/** The reader's rights on every one of some things. Until the server has said, and on the page of a link, there are none. */
export function useRights(things: readonly GrantedThing[], of: "things" | "runs" = "things"): Rights {
  const session = useQuery({ ...sessionQuery(), enabled: !IS_SHARED }).data;
  const isAsked = session?.asks_for_credentials === true && session.user !== null && !session.user.is_admin;
  const asked = isAsked && things.length <= MAX_ASKED ? things : [];
  const levels = useQueries({ queries: asked.map((thing) => levelQuery(thing)) });
  if (IS_SHARED || session === undefined) return NONE;
  if (asked.length === 0) return ALL;
  const reach = (wanted: readonly GrantLevel[]) =>
    levels.every(({ data }) => data !== undefined && wanted.includes(of === "runs" ? data.runs : data.permission));
  return { mayEdit: reach(["EDIT", "MANAGE"]), mayManage: reach(["MANAGE"]) };
}

/** The reader's rights on the runs of some experiments. */
export function useRunRights(experimentIds: readonly string[]): Rights {
  return useRights(
    experimentIds.map((resource_id) => ({ resource_type: "experiment", resource_id })),
    "runs",
  );
}
