import { withConnection } from "./http/connection.ts";
import { forEachItem } from "./http/load.ts";
import { createExperiment, createRun, createUser, FIRST_TIMESTAMP_MS } from "./mlflow-api.ts";
import type { RunningServer } from "./running-server.ts";
import { ADMIN, basic } from "./servers.ts";

/*
 * A user with a grant on each of many experiments, because whoever creates an experiment manages it. Each experiment has one
 * run, so that a search over all of them costs as little as it can beside the grants.
 */

export const GRANTED_EXPERIMENTS = 1000;

export const GRANTED_USER = { username: "ada", password: "correct horse battery staple" } as const;

const SEEDING_CLIENTS = 8;

export const grantedExperiment = (index: number): string => `granted-${index}`;

/** The name of the experiment's run, which begins by its number of seconds after the first. */
export const grantedRun = (index: number): string => `run-${index}`;

export async function seedGrants(server: RunningServer): Promise<void> {
  const { username, password } = GRANTED_USER;
  await withConnection(server.port, (connection) => createUser(connection, username, password), basic(ADMIN));
  const indices = Array.from({ length: GRANTED_EXPERIMENTS }, (_, index) => index);
  await forEachItem(
    server.port,
    SEEDING_CLIENTS,
    indices,
    async ({ connection }, index) => {
      const experimentId = await createExperiment(connection, grantedExperiment(index));
      await createRun(connection, experimentId, grantedRun(index), FIRST_TIMESTAMP_MS + index * 1000);
    },
    basic(GRANTED_USER),
  );
}
