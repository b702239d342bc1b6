import { once } from "node:events";
import { Agent, createServer, request, type Server } from "node:http";

/**
 * A server in front of another one, which answers every PUT at once and passes all other requests on. With it, a client's
 * own share of the time shows.
 * @param target the other server's URL
 */
export async function startInstantPuts(port: number, target: string): Promise<Server> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, response) => {
    if (incoming.method === "PUT") {
      incoming.resume().once("end", () => response.setHeader("Content-Type", "application/json").end("{}"));
      return;
    }
    const { method, headers } = incoming;
    const outgoing = request(`${target}${incoming.url}`, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.once("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}
