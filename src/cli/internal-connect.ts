import childProcess from "node:child_process";

/*
 * Miniflare configures workerd to answer `CONNECT` to this name with a Cap'n Proto connection, through which one Miniflare
 * calls another's Workers. workerd does so on every socket and without credentials, and no option turns it off. Trackflare
 * does not use it.
 */
const HOST = "miniflare-unsafe-internal-capnp-connect";
const NAME = Buffer.from(HOST);

/** A name of the same length that no request line can contain. */
const NO_NAME = Buffer.alloc(NAME.length, " ");

let isClosed = false;

/** From now on, each workerd that Miniflare starts refuses this `CONNECT` like any other: 500, no log, connection closed. */
export function closeInternalConnect(): void {
  if (isClosed) return;
  isClosed = true;
  const { spawn } = childProcess;
  const spawnClosed = (command: string, args: readonly string[], options: childProcess.SpawnOptions) => {
    const child = spawn(command, args, options);
    const { stdin } = child;
    // Miniflare writes the configuration of workerd to its standard input, as one Cap'n Proto message.
    if (stdin === null || !args.includes("--binary")) return child;
    const write = stdin.write.bind(stdin);
    stdin.write = (config: Buffer) => write(withoutName(config));
    return child;
  };
  childProcess.spawn = spawnClosed as typeof spawn;
}

/** @throws if the configuration does not contain the name, for instance because a newer Miniflare changed it. */
function withoutName(config: Buffer): Buffer {
  const closed = Buffer.from(config);
  let found = 0;
  for (let at = closed.indexOf(NAME); at >= 0; at = closed.indexOf(NAME, at)) {
    NO_NAME.copy(closed, at);
    found++;
  }
  if (found === 0)
    throw new Error(`Miniflare's configuration of workerd has no ${HOST}: see src/cli/internal-connect.ts`);
  return closed;
}
