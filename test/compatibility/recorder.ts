import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { RecordingFile } from "./coverage.ts";
import { endpointOf } from "./endpoints.ts";

export interface Recorder {
  readonly url: string;
  readonly close: () => void;
}

/** A client of MLflow's by what it says of itself. */
function clientOf(userAgent: string | undefined): string | undefined {
  const [, language, version] = /^mlflow-(python|java)-client\/(\d+\.\d+\.\d+)/.exec(userAgent ?? "") ?? [];
  return language === undefined ? undefined : `${language === "java" ? "Java" : "Python"} ${version}`;
}

/**
 * Stands before a server, passes everything on as it is, and writes down which client had which endpoint answered.
 * @param client who calls, for callers that do not say so themselves; those of whom nothing is known are not recorded.
 */
export async function startRecorder(target: string, folder: string, client?: string): Promise<Recorder> {
  const file = new RecordingFile(folder);
  const { hostname, port } = new URL(target);
  const pass = (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "", rawHeaders } = incoming;
    const caller = client ?? clientOf(incoming.headers["user-agent"]);
    const outgoing = request({ hostname, port, method, path: url, headers: rawHeaders }, (answer) => {
      const status = answer.statusCode ?? 502;
      const endpoint = endpointOf(method, url);
      if (caller !== undefined && endpoint !== undefined) file.add(caller, endpoint, status < 400);
      response.writeHead(status, answer.rawHeaders);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  };
  const server = createServer(pass).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/* `node recorder.ts <url> <folder>` stands before a server until it is ended, and prints its own address. */
if (import.meta.main) {
  const [target, folder] = process.argv.slice(2);
  if (target === undefined || folder === undefined) throw new Error("Name a server's address and a folder.");
  console.log((await startRecorder(target, folder)).url);
}
