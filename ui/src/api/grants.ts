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

export interface OwnLevel {
  permission: GrantLevel;
  /** On an experiment's runs, for which there may be other grants. */
  runs: GrantLevel;
}

/** The reader's permission on a thing, by all grants. */
export const levelQuery = (thing: GrantedThing) =>
  queryOptions({
    queryKey: ["grants", thing.resource_type, thing.resource_id, "own"],
    queryFn: ({ signal }) => getJson<OwnLevel>("ui-api/level", { ...thing }, signal),
    staleTime: 60_000,
  });

/** Sets the user's own grant, or removes it if there is no permission. */
export function setGrant(grant: GrantedThing & { username: string; permission?: GrantLevel }): Promise<unknown> {
  return postJson("ui-api/grants", grant);
}
