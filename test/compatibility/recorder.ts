import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { RecordingFile } from "./coverage.ts";
import { endpointOf } from "./endpoints.ts";

/** Longer than any client's pause between two calls. */
const KEEP_ALIVE_MS = 3_600_000;

/**
 * The name of MLflow's client by its User-Agent. If the client `other` is tested, browsers and requests without a name count
 * as `other`. Other requests, which prepare a test or wait, belong to no client.
 */
function clientOf(userAgent: string | undefined, other: string | undefined): string | undefined {
  if (other !== undefined) return userAgent === undefined || userAgent.startsWith("Mozilla/") ? other : undefined;
  const [, language, version] = /^mlflow-(python|java)-client\/(\d+\.\d+\.\d+)/.exec(userAgent ?? "") ?? [];
  return language === undefined ? undefined : `${language === "java" ? "Java" : "Python"} ${version}`;
}

/**
 * A proxy before a server. It passes everything on unchanged, and records which endpoint was answered for which client.
 * @param client the client that sends no name; without it, only clients that send a name are recorded.
 */
async function startRecorder(target: string, folder: string, client?: string): Promise<string> {
  const file = new RecordingFile(folder);
  const { hostname, port } = new URL(target);
  const pass = (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "", rawHeaders } = incoming;
    const caller = clientOf(incoming.headers["user-agent"], client);
    // The server may close an idle connection at the moment when a request is sent on it.
    const outgoing = request({ agent: false, hostname, port, method, path: url, headers: rawHeaders }, (answer) => {
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
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, pass).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return `http://127.0.0.1:${address.port}`;
}

/* `node recorder.ts <url> <folder> [<client>]` is a proxy before a server until it is ended. It prints its own address. */
const [target, folder, client] = process.argv.slice(2);
if (target === undefined || folder === undefined) throw new Error("Name a server's address and a folder.");
console.log(await startRecorder(target, folder, client));
