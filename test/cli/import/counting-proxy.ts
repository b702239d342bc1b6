import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Passes requests on to another server, and counts them by path. */
export async function startCountingProxy(target: string) {
  const counts = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? "/", target);
    counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
    const { method, headers, url } = incoming;
    // A new connection, because the server may close a kept one at the moment when a request is sent on it.
    const passed = request(target + (url ?? "/"), { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (path: string) => counts.get(path) ?? 0,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
