/** How long a client has for the rest of a body that nobody needs. */
const MAX_MS = 10_000;
const PIECE_BYTES = 64 * 1024;

/**
 * Reads and drops the rest of a request's body. If a server closes a connection with unread bytes, the client's kernel
 * reports a reset, and many clients then lose the answer: they repeat a refused upload instead of showing the reason.
 * workerd itself reads at most 64 KB on (`canceledUploadGraceBytes` in github.com/capnproto/capnproto, kj/compat/http.h).
 * @param lastRead a read that may still be under way: a body has one read at a time.
 * @returns at the end of the body, when it fails, or after ten seconds. Never rejects.
 */
export async function dropRest(reader: ReadableStreamBYOBReader, lastRead?: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => reader.cancel(), MAX_MS);
  try {
    await lastRead;
    while (!(await reader.read(new Uint8Array(PIECE_BYTES))).done);
  } catch {
    // The client is gone.
  }
  clearTimeout(timer);
}
