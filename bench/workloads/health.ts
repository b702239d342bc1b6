import { render } from "../http/connection.ts";
import { runLoad } from "../http/load.ts";
import { requireOk } from "../mlflow-api.ts";
import { SERVERS_WITH_CEILING, type Workload } from "./workload.ts";

/** An empty request. It shows the cost of HTTP alone, and that the client can send more requests than in other rows. */
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
