import { queryOptions } from "@tanstack/react-query";
import { getJson, postJson } from "./client.ts";

export type GrantLevel = "READ" | "USE" | "EDIT" | "MANAGE" | "DENY";

/** A thing that grants are about: an experiment by its id, a registered model or prompt by its name. */
export interface GrantedThing {
  resource_type: "experiment" | "registered_model" | "prompt";
  resource_id: string;
}

export interface GrantOnThing {
  /** Of a user's own grant; null where it is a role's. */
  username: string | null;
  role_name: string | null;
  permission: GrantLevel;
  /** On every thing of the kind. */
  is_on_all: boolean;
}

export interface Grants {
  /** What users hold without any grant. */
  default_permission: GrantLevel | "NO_PERMISSIONS";
  grants: GrantOnThing[];
}

/** All that count for one thing; for who manages it. */
export const grantsQuery = (thing: GrantedThing) =>
  queryOptions({
    queryKey: ["grants", thing.resource_type, thing.resource_id],
    queryFn: ({ signal }) => getJson<Grants>("ui-api/grants", { ...thing }, signal),
  });

/** What the reader may do with a thing, by all that counts. */
export const levelQuery = (thing: GrantedThing) =>
  queryOptions({
    queryKey: ["grants", thing.resource_type, thing.resource_id, "own"],
    queryFn: async ({ signal }) =>
      (await getJson<{ permission: GrantLevel }>("ui-api/level", { ...thing }, signal)).permission,
    staleTime: 60_000,
  });

/** Without a permission the user's own grant is taken away. */
export function setGrant(grant: GrantedThing & { username: string; permission?: GrantLevel }): Promise<unknown> {
  return postJson("ui-api/grants", grant);
}
