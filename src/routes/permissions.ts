import type { Permission, PermissionLevel } from "./route.ts";

/** Rules of most routes: what a call needs on the experiment or run that its input names. */
export const onServer = (level: PermissionLevel): Permission<unknown> => ({ level, on: () => [{ kind: "server" }] });

export const onExperiment = (level: PermissionLevel): Permission<{ readonly experimentId: string }> => ({
  level,
  on: ({ experimentId }) => [{ kind: "experiment", experimentId }],
});

export const onExperiments = (
  level: PermissionLevel,
): Permission<{ readonly experimentIds?: readonly string[] | undefined }> => ({
  level,
  // The server stands for the empty list, which is legal and answers nothing.
  on: ({ experimentIds = [] }) => [
    { kind: "server" },
    ...experimentIds.map((experimentId) => ({ kind: "experiment" as const, experimentId })),
  ],
});

export const onRun = (level: PermissionLevel): Permission<{ readonly runId: string }> => ({
  level,
  on: ({ runId }) => [{ kind: "run", runId }],
});

export const onRuns = (level: PermissionLevel): Permission<{ readonly runIds: readonly string[] }> => ({
  level,
  on: ({ runIds }) => runIds.map((runId) => ({ kind: "run", runId })),
});
