import { queryOptions } from "@tanstack/react-query";
import { getJson, postJson } from "./client.ts";

export type GrantLevel = "READ" | "USE" | "EDIT" | "MANAGE" | "DENY";

/** A thing with grants: an experiment by its id, a registered model or prompt by its name. */
export interface GrantedThing {
  resource_type: "experiment" | "registered_model" | "prompt";
  resource_id: string;
}

export interface GrantOnThing {
  /** The user of a user's own grant; null for a role's grant. */
  username: string | null;
  role_name: string | null;
  permission: GrantLevel;
  /** Whether the grant is on every thing of the kind. */
  is_on_all: boolean;
}

export interface Grants {
  /** The permission of users without any grant. */
  default_permission: GrantLevel | "NO_PERMISSIONS";
  grants: GrantOnThing[];
}

/** All grants on a thing, for users who manage it. */
export const grantsQuery = (thing: GrantedThing) =>
  queryOptions({
    queryKey: ["grants", thing.resource_type, thing.resource_id],
    queryFn: ({ signal }) => getJson<Grants>("ui-api/grants", { ...thing }, signal),
  });

/** The reader's permissions. For an experiment's runs and logged models there may be other grants. */
export interface OwnLevels {
  permission: GrantLevel | "NO_PERMISSIONS";
  runs: GrantLevel | "NO_PERMISSIONS";
  logged_models: GrantLevel | "NO_PERMISSIONS";
}

/** The server answers for at most this many things at once. */
export const MAX_ASKED_THINGS = 100;

/** The reader's permissions on every one of some things of a kind, by all grants. */
export const levelsQuery = (resource_type: GrantedThing["resource_type"], resource_id: readonly string[]) =>
  queryOptions({
    queryKey: ["grants", resource_type, resource_id.join("\n"), "own"],
    queryFn: ({ signal }) => getJson<OwnLevels>("ui-api/level", { resource_type, resource_id }, signal),
    staleTime: 60_000,
  });

/** Sets the user's own grant, or removes it if there is no permission. */
export function setGrant(grant: GrantedThing & { username: string; permission?: GrantLevel }): Promise<unknown> {
  return postJson("ui-api/grants", grant);
}
