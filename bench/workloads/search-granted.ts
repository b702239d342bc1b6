import { type Connection, render, withConnection } from "../http/connection.ts";
import type { Answer } from "../http/response-parser.ts";
import { API, parseBody, postJson, type RunPage, requireEqual } from "../mlflow-api.ts";
import { GRANTED_EXPERIMENTS, GRANTED_USER, grantedRun } from "../seeded-grants.ts";
import { ADMIN, basic } from "../servers.ts";
import { timeRequests } from "./timed-requests.ts";
import { SERVERS_WITH_USERS, type Workload } from "./workload.ts";

const PAGE_RUNS = 100;

interface SearchGranted extends Pick<Workload, "id" | "title" | "targets" | "beside"> {
  readonly authorization: string;
}

/** The newest runs of a thousand experiments. */
function searchGranted({ authorization, ...row }: SearchGranted): Workload {
  return {
    ...row,
    unit: "ms",
    data: "users",
    servers: SERVERS_WITH_USERS,
    measure: (server, { seconds }) =>
      withConnection(
        server.port,
        async (connection) => {
          const body = JSON.stringify({ experiment_ids: await grantedIds(connection), max_results: PAGE_RUNS });
          const request = render("POST", `${API}/runs/search`, server.port, body, authorization);
          return timeRequests(server, connection, request, seconds, checkPage);
        },
        authorization,
      ),
  };
}

async function grantedIds(connection: Connection): Promise<string[]> {
  const search = { max_results: GRANTED_EXPERIMENTS, filter: "name LIKE 'granted-%'" };
  const { experiments } = await postJson<{ experiments: readonly { readonly experiment_id: string }[] }>(
    connection,
    "/experiments/search",
    search,
  );
  requireEqual(experiments.length, GRANTED_EXPERIMENTS, "experiments that the caller reads");
  return experiments.map(({ experiment_id }) => experiment_id);
}

function checkPage(answer: Answer): void {
  const { runs = [] } = parseBody<RunPage>(answer, "runs/search");
  requireEqual(runs.length, PAGE_RUNS, "runs of a page");
  for (const [index, { info }] of runs.entries()) {
    requireEqual(info.run_name, grantedRun(GRANTED_EXPERIMENTS - 1 - index), "a run's place in the page");
  }
}

export const searchGrantedWorkloads: readonly Workload[] = [
  searchGranted({
    id: "search-granted-admin",
    title: "1,000 experiments: first page of 100 runs, as an admin",
    authorization: basic(ADMIN),
  }),
  searchGranted({
    id: "search-granted",
    title: "… as a user with a grant on each",
    authorization: basic(GRANTED_USER),
    beside: { row: "search-granted-admin", least: 1 / 1.3 },
  }),
];
