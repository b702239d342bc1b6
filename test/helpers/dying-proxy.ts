import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a real server, which ends as that server would if it died. */
export interface DyingProxy {
  readonly endpoint: string;
  /** After so many more bytes from clients, all connections end, and new ones too until {@link revive}. */
  dieAfter(bytes: number, how: "reset" | "end"): void;
  /** @returns whether it had died */
  revive(): boolean;
  stop(): Promise<void>;
}

/** @param target the URL of the server behind the proxy */
export async function startDyingProxy(target: string): Promise<DyingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let ending: "reset" | "end" = "reset";
  const kill = (socket: Socket) => {
    if (ending === "reset") socket.resetAndDestroy();
    else socket.destroy();
  };
  const server = createServer((client) => {
    if (left <= 0) {
      kill(client);
      return;
    }
    const behind = connect(Number(port), hostname);
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        behind.destroy();
      });
    }
    behind.pipe(client);
    client.on("data", (bytes) => {
      left -= bytes.length;
      if (left <= 0) for (const socket of sockets) kill(socket);
      else if (!behind.write(bytes)) {
        client.pause();
        behind.once("drain", () => client.resume());
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    dieAfter: (bytes, how) => {
      left = bytes;
      ending = how;
    },
    revive: () => {
      const hadDied = left <= 0;
      left = Number.POSITIVE_INFINITY;
      return hadDied;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
