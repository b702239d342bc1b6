import { QueryClient, type QueryKey, type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, isWorthRepeating } from "./client.ts";

/** First part of every query key: what a change can make stale. */
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
  | "sign-ins";

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A server on this machine answers where the browser calls itself offline.
        networkMode: "always",
        retry: (failures, error) => failures < 2 && isWorthRepeating(error),
        // A list that is searched anew keeps its rows until the new ones are there: nothing jumps.
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/**
 * A mutation that, once the server has acknowledged it, makes the named entities' queries load anew.
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
 * The error that a screen shows in place of what it is about. What was read before stays where it could only not be read
 * again; what is gone, or no longer for this reader, does not.
 */
export function failureOf({ error, data }: { error: Error | null; data: unknown }): Error | undefined {
  if (error === null) return undefined;
  const isGone = error instanceof ApiError && (error.status === 403 || error.status === 404);
  return data === undefined || isGone ? error : undefined;
}
