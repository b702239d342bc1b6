import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { keyReader, xmlElements, xmlText } from "../../src/stores/artifacts/s3/s3-xml.ts";
import { freePort } from "./free-port.ts";

const RCLONE = join(import.meta.dirname, "../../.venv/bin/rclone");
const BUCKET = "artifacts";
const START_TIMEOUT_MS = 30_000;

/** A real S3 server (rclone's). It checks signatures and keeps objects in memory. */
export interface S3Server {
  readonly endpoint: string;
  /** The variables with which Trackflare keeps its artifacts here, below `mlflow/`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of the server's process. */
  readonly pid: number;
  /** The key of every object. */
  keys(): Promise<string[]>;
  /** The digest of every object's bytes, by key. */
  objects(): Promise<Map<string, string>>;
  stop(): Promise<void>;
}

/**
 * Starts rclone's server, which the tests' Python packages install (conformance/requirements.txt). If the variable
 * TRACKFLARE_TEST_VERSITYGW names a versitygw, starts that stricter server (test/versitygw.ts).
 */
export async function startS3Server(): Promise<S3Server> {
  const root = mkdtempSync(join(tmpdir(), "trackflare-s3-"));
  const address = `127.0.0.1:${await freePort()}`;
  const [key, secret] = ["tests", crypto.randomUUID()];
  const [program, args] = commandOf(root, address, key, secret);
  const server = spawn(program, args, { stdio: "ignore" });
  const endpoint = `http://${address}`;
  await untilReachable(server, endpoint);
  const owner = new AwsClient({ accessKeyId: key, secretAccessKey: secret, service: "s3", region: "us-east-1" });
  const made = await owner.fetch(`${endpoint}/${BUCKET}`, { method: "PUT" });
  if (!made.ok) throw new Error(`No bucket could be made: ${await made.text()}`);
  const keys = async () => {
    const listed = await (await owner.fetch(`${endpoint}/${BUCKET}?list-type=2&encoding-type=url`)).text();
    if (listed.includes("<IsTruncated>true")) throw new Error("More objects than one look shows");
    const keyOf = keyReader(listed);
    return xmlElements(listed, "Contents").map((inside) => keyOf(xmlText(inside, "Key")));
  };
  return {
    endpoint,
    pid: server.pid ?? 0,
    keys,
    variables: {
      MLFLOW_ARTIFACTS_DESTINATION: `s3://${BUCKET}/mlflow`,
      MLFLOW_S3_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_DEFAULT_REGION: "us-east-1",
    },
    objects: async () => {
      const found = new Map<string, string>();
      for (const key of await keys()) {
        const path = key.split("/").map(encodeURIComponent).join("/");
        const bytes = await (await owner.fetch(`${endpoint}/${BUCKET}/${path}`)).bytes();
        found.set(key, createHash("sha256").update(bytes).digest("hex"));
      }
      return found;
    },
    stop: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = once(server, "close");
        server.kill();
        await ended;
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function commandOf(root: string, address: string, key: string, secret: string): [program: string, args: string[]] {
  const versitygw = process.env.TRACKFLARE_TEST_VERSITYGW;
  if (versitygw !== undefined) {
    return [versitygw, ["--port", address, "--access", key, "--secret", secret, "--quiet", "posix", root]];
  }
  const options = ["--addr", address, "--auth-key", `${key},${secret}`, "--vfs-cache-mode", "off"];
  return [RCLONE, ["serve", "s3", ":memory:", "--config", join(root, ".rclone"), ...options]];
}

async function untilReachable(server: ChildProcess, endpoint: string): Promise<void> {
  let failure: unknown = "";
  server.once("error", (error) => {
    failure = error;
  });
  for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await sleep(50)) {
    const isUp = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    if (server.exitCode !== null || failure !== "") break;
  }
  throw new Error(`The S3 server of the tests did not start: ${RCLONE} ${String(failure)}`);
}
