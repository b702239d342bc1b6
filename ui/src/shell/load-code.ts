import { isServerThere } from "../api/server.ts";

/** The error for a screen's code that could not be loaded because the server is unreachable. */
export class ServerAway extends Error {
  override readonly name = "ServerAway";
}

/**
 * Loads a screen's code. If the server lacks the file, for instance after a deploy, the router reloads the page once. If no
 * server answers, a reload would leave the reader without a page, so this throws a different error.
 */
export async function loadCode<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (await isServerThere()) throw error;
    throw new ServerAway("The server cannot be reached.");
  }
}
