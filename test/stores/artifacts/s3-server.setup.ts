import type { TestProject } from "vitest/node";
import { startS3Server } from "../../helpers/s3-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The settings of a store in the tests' S3 server. */
    s3: Readonly<Record<string, string>>;
    /** Whether the server is rclone's, which lacks some functions of S3. */
    isRclone: boolean;
  }
}

/** Starts the S3 server of the tests in workerd. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startS3Server();
  project.provide("s3", server.variables);
  project.provide("isRclone", process.env.TRACKFLARE_TEST_VERSITYGW === undefined);
  return () => server.stop();
}
