import { createServer, type Server } from "node:http";

/** The artifact folder over HTTP, for the Worker. */
export function createFileService(_rootDir: string): Server {
  return createServer((_request, response) => response.writeHead(501).end());
}
