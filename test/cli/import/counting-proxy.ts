import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Passes requests on to another server, and counts them by path. */
export async function startCountingProxy(target: string) {
  const counts = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? "/", target);
    counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
    const { method, headers, url } = incoming;
    const passed = request(target + (url ?? "/"), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (path: string) => counts.get(path) ?? 0,
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
