import type { TestProject } from "vitest/node";
import { startS3Server } from "../../helpers/s3-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Settings of a store in the S3 server of these tests. */
    s3: Readonly<Record<string, string>>;
  }
}

/** Starts the S3 server of the tests in workerd. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startS3Server();
  project.provide("s3", server.variables);
  return () => server.stop();
}
