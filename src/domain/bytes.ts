/** The concatenated chunks. */
export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

/** The chunks in order, joined into as few as possible of at most `most` bytes. A longer chunk stays by itself. */
export function* joinUpTo(most: number, chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  for (let from = 0; from < chunks.length; ) {
    let to = from;
    let bytes = 0;
    do bytes += chunks[to++]!.length;
    while (to < chunks.length && bytes + chunks[to]!.length <= most);
    yield to - from === 1 ? chunks[from]! : joinBytes(chunks.slice(from, to));
    from = to;
  }
}

/** The bytes in lower-case hex digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The SHA-256 of the text's UTF-8. */
export async function sha256(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** How many bytes the value takes as JSON. */
export function jsonByteLength(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
