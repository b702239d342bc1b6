import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { TrackingServer } from "../../src/cli/transfer/http.ts";
import { trackflare } from "./import/command.ts";

/** A server that answers the requests of these numbers, and breaks the connections of all others. */
async function startServer(answered: (request: number) => boolean) {
  let requests = 0;
  const server: Server = createServer((request, response) => {
    if (answered(++requests)) response.end("{}");
    else request.socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

afterEach(() => vi.restoreAllMocks());

test("a server that has never answered is not waited for", async () => {
  await using server = await startServer(() => false);
  const result = await trackflare(["gc", "--tracking-uri", server.url]);
  expect(result).toMatchObject({ exitCode: 1, stdout: "" });
  expect(result.stderr).toContain(`${server.url} cannot be reached: `);
  expect(server.requests()).toBe(1);
});

test("a server that has answered is waited for, and one line says so", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await using server = await startServer((request) => request < 2 || request > 5);
  const client = new TrackingServer(server.url, {});
  await client.get("/");
  await Promise.all([client.get("/"), client.get("/")]);
  expect(server.requests()).toBe(7);
  expect(told.mock.calls).toEqual([[expect.stringMatching(/cannot be reached: .*\nWaiting for it …$/)]]);
});
