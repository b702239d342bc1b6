import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { DENIED } from "../../api/client.ts";
import { type GrantedThing, levelsQuery, MAX_ASKED_THINGS, type OwnLevels } from "../../api/grants.ts";
import { type Session, sessionQuery } from "../../api/session.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { say } from "../../parts/toast.tsx";

/** What the reader may change, so that screens offer nothing else. */
export interface Rights {
  readonly mayEdit: boolean;
  readonly mayManage: boolean;
  /** Whether the server has answered. Until then the reader has no rights. */
  readonly isKnown: boolean;
}

const ALL: Rights = { mayEdit: true, mayManage: true, isKnown: true };
const NONE: Rights = { mayEdit: false, mayManage: false, isKnown: true };
const UNKNOWN: Rights = { ...NONE, isKnown: false };

/** Things of one kind: experiments by their ids, registered models and prompts by their names. */
export interface GrantedThings {
  readonly type: GrantedThing["resource_type"];
  readonly ids: readonly string[];
  /** Whether the runs or the logged models of experiments are meant, for which there may be other grants. */
  readonly of?: "runs" | "logged_models";
}

/** The questions to the server, or the answer where there is nothing to ask. */
function questionsAbout({ type, ids }: GrantedThings, session: Session | undefined) {
  if (IS_SHARED) return NONE;
  if (session === undefined) return UNKNOWN;
  if (!session.asks_for_credentials || session.user?.is_admin === true) return ALL;
  if (session.user === null) return NONE;
  const starts = Array.from(
    { length: Math.ceil(ids.length / MAX_ASKED_THINGS) },
    (_, slice) => slice * MAX_ASKED_THINGS,
  );
  return starts.map((start) => levelsQuery(type, ids.slice(start, start + MAX_ASKED_THINGS)));
}

function rightsBy(answers: readonly (OwnLevels | undefined)[], { of }: GrantedThings): Rights {
  const levels = answers.map((answer) => answer?.[of ?? "permission"]);
  const reach = (...wanted: string[]) => levels.every((level) => level !== undefined && wanted.includes(level));
  return {
    mayEdit: reach("EDIT", "MANAGE"),
    mayManage: reach("MANAGE"),
    isKnown: levels.every((level) => level !== undefined),
  };
}

/** Whether the reader may do everything. */
export function useIsAdmin(): boolean {
  const session = useQuery({ ...sessionQuery(), enabled: !IS_SHARED }).data;
  return session !== undefined && (!session.asks_for_credentials || session.user?.is_admin === true);
}

/** The reader's rights on every one of some things. On the page of a link there are none. */
export function useRights(things: GrantedThings): Rights {
  const session = useQuery({ ...sessionQuery(), enabled: !IS_SHARED }).data;
  const asked = questionsAbout(things, session);
  const answers = useQueries({ queries: "mayEdit" in asked ? [] : asked });
  return "mayEdit" in asked
    ? asked
    : rightsBy(
        answers.map(({ data }) => data),
        things,
      );
}

/** The reader's rights on the runs of some experiments. */
export function useRunRights(ids: readonly string[]): Rights {
  return useRights({ type: "experiment", ids, of: "runs" });
}

/**
 * Asks for the reader's rights when a key is pressed, and does what the key stands for if the reader may. Otherwise a message
 * says who can grant it.
 */
export function useIfAllowed() {
  const client = useQueryClient();
  return async (things: GrantedThings, needed: "mayEdit" | "mayManage", act: () => void): Promise<void> => {
    const session = IS_SHARED ? undefined : await client.ensureQueryData(sessionQuery());
    const asked = questionsAbout(things, session);
    const rights =
      "mayEdit" in asked
        ? asked
        : rightsBy(await Promise.all(asked.map((one) => client.fetchQuery(one).catch(() => undefined))), things);
    if (rights[needed]) act();
    else say(DENIED);
  };
}
