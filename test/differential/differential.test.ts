import { afterAll, beforeAll, expect, test } from "vitest";
import { describeMismatch } from "./describe.ts";
import { runSequence } from "./sequence.ts";
import { type Servers, startServers, stopServers } from "./servers.ts";

let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(async () => {
  await stopServers(servers);
});

test.each([1, 2, 3])("MLflow and Trackflare answer alike: seed %i", async (seed) => {
  const { accepted, mismatches } = await runSequence(servers, seed, 300);
  expect(mismatches.map(describeMismatch)).toEqual([]);
  // Refusals alone would prove little.
  expect(accepted).toBeGreaterThan(100);
});
