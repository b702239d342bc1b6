import childProcess from "node:child_process";

/*
 * Miniflare has workerd answer `CONNECT` to this name with a Cap'n Proto connection, by which one Miniflare calls the Workers of
 * another: on every socket, without credentials, and there is no option against it. Nothing here uses it.
 */
const HOST = "miniflare-unsafe-internal-capnp-connect";
const NAME = Buffer.from(HOST);

/** As long, and no request line can have it. */
const NO_NAME = Buffer.alloc(NAME.length, " ");

let isClosed = false;

/** From now on, workerd that Miniflare starts refuses that `CONNECT` like any other: 500 without a trace, and the connection ends. */
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

/** @throws where the name is not in the configuration, as in one of a Miniflare that has another. */
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
