import { queryOptions } from "@tanstack/react-query";
import { deleteJson, getJson, MLFLOW, patchJson, postJson } from "./client.ts";

export interface Person {
  id: number;
  username: string;
  is_admin: boolean;
}

/** All users, for admins. */
export const peopleQuery = () =>
  queryOptions({
    queryKey: ["people"],
    queryFn: async ({ signal }) =>
      (await getJson<{ users: Person[] }>(`${MLFLOW}/users/list`, undefined, signal)).users,
  });

export function createPerson(person: { username: string; password: string }): Promise<unknown> {
  return postJson(`${MLFLOW}/users/create`, person);
}

export function resetPassword(person: { username: string; password: string }): Promise<unknown> {
  return patchJson(`${MLFLOW}/users/update-password`, person);
}

export function setAdmin(person: { username: string; is_admin: boolean }): Promise<unknown> {
  return patchJson(`${MLFLOW}/users/update-admin`, person);
}

export function deletePerson(person: { username: string }): Promise<unknown> {
  return deleteJson(`${MLFLOW}/users/delete`, person);
}
