import { expect, test } from "vitest";
import { StartFailure, startServer } from "../server.ts";

test.each(["127.0.0.2", "[::1]", "::1", "localhost"])("--host %s greets with an address that serves", async (host) => {
  const server = await startServer({ args: ["--host", host] });
  try {
    const answer = await fetch(`${server.url}/api/2.0/mlflow/experiments/get?experiment_id=0`);
    expect(answer.status).toBe(200);
    expect(server.output()).toContain("off, for this machine only");
  } finally {
    await server.stop();
  }
});

test.each([5060, 5061, 6000, 6667])(
  "--port %i is refused with a reason and another port, without a stack trace",
  async (port) => {
    const failure = await startServer({ port }).catch((error: unknown) => error as StartFailure);
    expect(failure).toBeInstanceOf(StartFailure);
    const { exitCode, output } = failure as StartFailure;
    expect(exitCode).toBe(1);
    expect(output).toMatch(/Browsers refuse to open port \d+.*--port 5000/);
    expect(output).not.toMatch(/^\s+at /m);
  },
);

test("a host that other machines reach is refused without a secret, in brackets or not", async () => {
  for (const host of ["0.0.0.0", "[::]"]) {
    const failure = await startServer({ args: ["--host", host] }).catch((error: unknown) => error as StartFailure);
    expect((failure as StartFailure).output).toContain("can be reached from other machines");
  }
});
