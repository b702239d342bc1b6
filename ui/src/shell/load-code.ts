import { isServerThere } from "../api/server.ts";

/** A screen's code that could not be asked for: the server is away. */
export class ServerAway extends Error {
  override readonly name = "ServerAway";
}

/**
 * Loads a screen's code. Where the server lacks the file, as after a deploy, the router loads the page anew, once; where
 * no server answers that would leave the reader without a page, so it is told apart.
 */
export async function loadCode<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (await isServerThere()) throw error;
    throw new ServerAway("The server cannot be reached.");
  }
}
