import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";

/*
 * Bodies without a length: the server does not hold more than a route's limit in memory. It reads the rest all the same,
 * because a client whose connection is reset while it sends does not see the answer.
 */

const MIB = 1024 * 1024;
const SENT_MIB = 300;
/** Memory for several copies of the largest body that any of these routes takes, and for the runtime's buffers. */
const MAX_GROWTH_MIB = 100;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** The peak of workerd's memory, in MiB. */
function peakMemory(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.workerdPid}/status`, "utf8"))?.[1]) / 1024;
}

/**
 * Sends 300 MiB in chunks of 1 MiB, as fast as the server reads, until the server answers or closes the connection.
 * @returns the status line; empty if the connection was reset before the answer
 */
function sendChunked(target: string, contentType: string): Promise<string> {
  const { hostname, port, host } = new URL(server.url);
  const chunk = Buffer.concat([Buffer.from(`${MIB.toString(16)}\r\n`), Buffer.alloc(MIB, "x"), Buffer.from("\r\n")]);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    let sentMib = 0;
    const send = () => {
      while (sentMib < SENT_MIB && answer === "" && !socket.destroyed) {
        sentMib++;
        if (!socket.write(chunk)) return;
      }
      if (sentMib === SENT_MIB) socket.write("0\r\n\r\n");
    };
    socket.on("drain", send);
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer.split("\r\n", 1)[0] ?? ""));
    const head = [`POST ${target} HTTP/1.1`, `Host: ${host}`, `Content-Type: ${contentType}`];
    socket.write([...head, "Transfer-Encoding: chunked", "", ""].join("\r\n"));
    send();
  });
}

test.each([
  ["a message", "/api/2.0/mlflow/runs/create", "application/json", "413"],
  ["a GraphQL query", "/graphql", "application/json", "413"],
  ["a body of the web UI's own", "/ui-api/runs", "application/json", "413"],
  ["an upload of the stock UI", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=a&path=b", "text/plain", "400"],
  ["what no route takes", "/api/2.0/mlflow/nothing", "application/json", "404"],
  ["what is no JSON by its type", "/api/2.0/mlflow/runs/create", "text/plain", "400"],
])("300 MiB of %s without a length are refused in flat memory", async (_what, target, contentType, status) => {
  const before = peakMemory();
  expect(await sendChunked(target, contentType)).toContain(` ${status} `);
  expect(peakMemory() - before).toBeLessThan(MAX_GROWTH_MIB);
});

test("a client that is refused and sends no more of its body gets the answer after ten seconds", async () => {
  const { hostname, port, host } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(`PUT /api/2.0/mlflow/nothing HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000\r\n\r\nhalf`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString("latin1")).toContain(" 404 ");
  socket.destroy();
});
