import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import type { PartTarget } from "./transfers.ts";

const RCLONE = new URL("../../.venv/bin/rclone", import.meta.url).pathname;
const BUCKET = "artifacts";
const KEY = "bench";
const SECRET = "the secret of the bench";

/** rclone's S3 server over a folder of the disk. Both servers and the bare client store to it. */
export class Bucket {
  readonly #process: ChildProcess;
  readonly endpoint: string;
  readonly #owner = new AwsClient({
    accessKeyId: KEY,
    secretAccessKey: SECRET,
    service: "s3",
    region: "us-east-1",
  });

  static async start(port: number, folder: string): Promise<Bucket> {
    mkdirSync(`${folder}/${BUCKET}`, { recursive: true });
    const bucket = new Bucket(port, folder);
    for (let tries = 0; tries < 200; tries++) {
      if (
        await fetch(bucket.endpoint).then(
          () => true,
          () => false,
        )
      )
        return bucket;
      await sleep(50);
    }
    throw new Error("rclone did not start: npm test installs it");
  }

  private constructor(port: number, folder: string) {
    this.endpoint = `http://127.0.0.1:${port}`;
    const options = ["--addr", `127.0.0.1:${port}`, "--auth-key", `${KEY},${SECRET}`, "--vfs-cache-mode", "off"];
    this.#process = spawn(RCLONE, ["serve", "s3", folder, "--config", `${folder}/.rclone`, ...options], {
      stdio: "ignore",
    });
  }

  /** The variables with which a server stores here. */
  variables(folder: string): Record<string, string> {
    return {
      MLFLOW_ARTIFACTS_DESTINATION: `s3://${BUCKET}/${folder}`,
      MLFLOW_S3_ENDPOINT_URL: this.endpoint,
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_DEFAULT_REGION: "us-east-1",
    };
  }

  urlOf(key: string): string {
    return `${this.endpoint}/${BUCKET}/${key}`;
  }

  async presign(method: string, url: string): Promise<string> {
    return (await this.#owner.sign(url, { method, aws: { signQuery: true } })).url;
  }

  parts(key: string): PartTarget {
    let uploadId = "";
    return {
      create: async (count) => {
        const begun = await (await this.#owner.fetch(`${this.urlOf(key)}?uploads=`, { method: "POST" })).text();
        uploadId = /<UploadId>(.*?)<\/UploadId>/.exec(begun)?.[1] ?? "";
        const numbers = Array.from({ length: count }, (_, i) => i + 1);
        return Promise.all(
          numbers.map((part) => this.presign("PUT", `${this.urlOf(key)}?partNumber=${part}&uploadId=${uploadId}`)),
        );
      },
      complete: async (etags) => {
        const listed = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
        const body = `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
        const answer = await this.#owner.fetch(`${this.urlOf(key)}?uploadId=${uploadId}`, { method: "POST", body });
        if (!answer.ok) throw new Error(await answer.text());
      },
    };
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "close");
    this.#process.kill();
    await ended;
  }
}
