import { QueryClient, type QueryKey, type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, isWorthRepeating } from "./client.ts";

/** The first part of every query key: the entity that a change can make stale. */
export type Entity =
  | "experiments"
  | "runs"
  | "artifacts"
  | "registered-models"
  | "model-versions"
  | "logged-models"
  | "keys"
  | "series"
  | "people"
  | "grants"
  | "tokens"
  | "links"
  | "roles"
  | "sign-ins"
  | "trash";

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A server on this machine answers even if the browser says that it is offline.
        networkMode: "always",
        retry: (failures, error) => failures < 2 && isWorthRepeating(error),
        // A list keeps its rows until the rows of a new search arrive, so that nothing jumps.
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/**
 * A mutation that reloads the named entities' queries after the server has acknowledged it.
 * `useChange(renameRun, ["runs"])` → `{ mutate, mutateAsync, isPending, error }`.
 */
export function useChange<Input, Answer>(
  change: (input: Input) => Promise<Answer>,
  stale: readonly Entity[],
): UseMutationResult<Answer, Error, Input> {
  const client = useQueryClient();
  return useMutation<Answer, Error, Input>({
    mutationFn: change,
    onSuccess: async () => {
      await Promise.all(stale.map((entity) => client.invalidateQueries({ queryKey: [entity] satisfies QueryKey })));
    },
  });
}

/**
 * The error that a screen shows instead of its content. If a reload failed, the earlier data stays on the screen. It does not
 * stay if the thing is gone, or if the reader may no longer see it.
 */
export function failureOf({ error, data }: { error: Error | null; data: unknown }): Error | undefined {
  if (error === null) return undefined;
  const isGone = error instanceof ApiError && (error.status === 403 || error.status === 404);
  return data === undefined || isGone ? error : undefined;
}
