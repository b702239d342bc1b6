import { createServer } from "node:net";

/**
 * Below the ports that systems give to clients (32768 and up on Linux). A client's connection could take such a port before
 * the server does. And a client that connects again and again to such a port without a listener may be connected to itself.
 */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** A port for a server that needs a number, for example because it starts on the same port again. */
export async function freePort(): Promise<number> {
  // Tests of other processes look for ports at the same time, so each begins somewhere else.
  const start = Math.floor(Math.random() * PORTS);
  for (let i = 0; i < PORTS; i++) {
    const port = FIRST_PORT + ((start + i) % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${FIRST_PORT} on is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
