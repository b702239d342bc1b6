import childProcess from "node:child_process";

/*
 * Two things that Miniflare configures in workerd, and that no option of Miniflare changes. Miniflare writes the
 * configuration to workerd's standard input as one Cap'n Proto message, which is changed on its way.
 */

/**
 * The name to which workerd answers `CONNECT` with a Cap'n Proto connection, on every socket and without credentials. One
 * Miniflare calls another's Workers through it. Trackflare does not use it.
 */
const INTERNAL_HOST = "miniflare-unsafe-internal-capnp-connect";

/**
 * The header that gives `request.cf`. With this setting, every client could write `request.cf`. Without it, workerd writes
 * `request.cf`: the address at the other end of the connection.
 */
const CF_HEADER = "MF-CF-Blob";

let isChanged = false;

/**
 * From now on, each workerd that Miniflare starts refuses the `CONNECT` to the internal host like any other (500, no log,
 * connection closed), and tells the Worker each client's address in `request.cf.clientIp`.
 */
export function changeWorkerdConfig(): void {
  if (isChanged) return;
  isChanged = true;
  const { spawn } = childProcess;
  const spawnChanged = (command: string, args: readonly string[], options: childProcess.SpawnOptions) => {
    const child = spawn(command, args, options);
    const { stdin } = child;
    if (stdin === null || !args.includes("--binary")) return child;
    const write = stdin.write.bind(stdin);
    stdin.write = (config: Buffer) => write(withoutTexts(config, [INTERNAL_HOST, CF_HEADER]));
    return child;
  };
  childProcess.spawn = spawnChanged as typeof spawn;
}

/**
 * A copy of a Cap'n Proto message in which fields with these texts are not set.
 * @throws if a text is in no field, for instance because a newer Miniflare changed it.
 */
export function withoutTexts(message: Buffer, texts: readonly string[]): Buffer {
  const changed = Buffer.from(message);
  for (const text of texts) {
    const fields = fieldsWith(changed, Buffer.from(`${text}\0`));
    if (fields.length === 0) {
      throw new Error(`Miniflare's configuration of workerd has no ${text}: see src/cli/workerd-config.ts`);
    }
    for (const at of fields) changed.fill(0, at, at + WORD);
  }
  return changed;
}

const WORD = 8;

/**
 * Where the fields are that hold a text. A field is a word: its lower two bits are 1 for a list, the next 30 the distance in
 * words from the field's end to the list, then 2 in three bits for a list of bytes, and its length in 29 bits
 * (capnproto.org/encoding.html). A message begins with the number of its segments less one, and their lengths.
 */
function fieldsWith(message: Buffer, bytes: Buffer): number[] {
  const headBytes = 4 * (2 + message.readUInt32LE(0));
  const fields: number[] = [];
  for (let at = Math.ceil(headBytes / WORD) * WORD; at + WORD <= message.length; at += WORD) {
    const lower = message.readInt32LE(at);
    const upper = message.readUInt32LE(at + 4);
    if ((lower & 3) !== 1 || (upper & 7) !== 2 || upper >>> 3 !== bytes.length) continue;
    const start = at + WORD + (lower >> 2) * WORD;
    if (start >= 0 && message.subarray(start, start + bytes.length).equals(bytes)) fields.push(at);
  }
  return fields;
}
