import { render } from "../http/connection.ts";
import { runLoad } from "../http/load.ts";
import { requireOk } from "../mlflow-api.ts";
import { SERVERS_WITH_CEILING, type Workload } from "./workload.ts";

/** An empty request: what HTTP alone costs, and how much more than the other rows the client can send. */
export const healthWorkload: Workload = {
  id: "health",
  title: "`GET /health`, 16 clients",
  unit: "requests/s",
  data: "empty",
  servers: SERVERS_WITH_CEILING,
  measure: async (server, { seconds }) => {
    const request = render("GET", "/health", server.port);
    const result = await runLoad({
      server,
      clients: 16,
      seconds,
      operation: async ({ connection }) => requireOk(await connection.send(request), "health"),
    });
    return { ...result, value: result.perSecond };
  },
};
