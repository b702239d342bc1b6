import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";

export interface PathProxy {
  /** The page's URL below the proxy's path, with a slash at its end. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface PathProxyOptions {
  /** The path below which the proxy answers, such as `/mlflow`. */
  readonly path: string;
  /** Whether the server also gets the path, as from nginx's `location /mlflow/ { proxy_pass http://server; }`. */
  readonly keepsPath: boolean;
  /** Whether the server gets the browser's Host header. By default nginx passes on its upstream's name. */
  readonly keepsHost: boolean;
}

/** A reverse proxy that serves a tracking server below a path, with its sockets, and nothing else. */
export async function startPathProxy(trackingUri: string, options: PathProxyOptions): Promise<PathProxy> {
  const { path, keepsPath, keepsHost } = options;
  const { hostname, port, host } = new URL(trackingUri);
  const ask = (incoming: IncomingMessage) =>
    request({
      hostname,
      port,
      method: incoming.method,
      path: keepsPath ? incoming.url : incoming.url?.slice(path.length),
      headers: {
        ...incoming.headers,
        "x-forwarded-for": incoming.socket.remoteAddress,
        "x-forwarded-host": incoming.headers.host,
        ...(!keepsHost && { host }),
      },
      agent: false,
    });

  const proxy = createServer((incoming, response) => {
    if (!incoming.url?.startsWith(`${path}/`)) return response.writeHead(404).end();
    const outgoing = ask(incoming).on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    return incoming.pipe(outgoing);
  });
  proxy.on("upgrade", (incoming: IncomingMessage, browser: Duplex) => {
    // The page may go away at any time, also before the server has answered.
    browser.on("error", () => browser.destroy());
    browser.on("close", () => outgoing.destroy());
    const outgoing = ask(incoming).on("upgrade", (answer: IncomingMessage, server: Duplex, head: Buffer) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
      browser.write(["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n"));
      browser.write(head);
      server.pipe(browser).pipe(server);
      browser.on("close", () => server.destroy());
      server.on("error", () => browser.destroy());
    });
    outgoing.on("response", (answer) => browser.end(`HTTP/1.1 ${answer.statusCode} Refused\r\n\r\n`));
    outgoing.on("error", () => browser.destroy());
    outgoing.end();
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return {
    url: `http://127.0.0.1:${address.port}${path}/`,
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
