/** An HTTP answer with a completely read body. */
export interface Answer {
  readonly status: number;
  /** Empty if the caller took the body piece by piece. */
  readonly body: Buffer;
}

/** Takes a body's pieces as they arrive. A piece is valid only during the call. */
export type BodySink = (piece: Buffer) => void;

type State = "head" | "sized-body" | "chunk-size" | "chunk" | "chunk-end" | "trailer";

const CRLF = "\r\n";
const NOTHING = Buffer.alloc(0);

/**
 * Reads the answers of one HTTP/1.1 connection without pipelining: `content-length` and chunked bodies, 1xx skipped.
 * Other headers are ignored, because the client must cost little beside the servers that it measures.
 */
export class ResponseParser {
  #state: State = "head";
  #pending: Buffer = NOTHING;
  #status = 0;
  #remaining = 0;
  #pieces: Buffer[] = [];
  #sink: BodySink | undefined;

  /** Takes the next answer's body. Without it, the body is collected into `Answer.body`. */
  set sink(sink: BodySink | undefined) {
    this.#sink = sink;
  }

  /** Takes bytes from the socket, and copies the bytes that it keeps. Returns the answer when it is complete. */
  push(bytes: Buffer): Answer | undefined {
    let input = this.#pending.length > 0 ? Buffer.concat([this.#pending, bytes]) : bytes;
    this.#pending = NOTHING;
    for (;;) {
      if (this.#state === "sized-body" || this.#state === "chunk") {
        const taken = Math.min(this.#remaining, input.length);
        if (taken > 0) this.#take(input.subarray(0, taken));
        input = input.subarray(taken);
        this.#remaining -= taken;
        if (this.#remaining > 0) return undefined;
        if (this.#state === "sized-body") return this.#finish();
        this.#state = "chunk-end";
        continue;
      }
      const separator = this.#state === "head" ? CRLF + CRLF : CRLF;
      const end = input.indexOf(separator);
      if (end < 0) {
        this.#pending = Buffer.from(input);
        return undefined;
      }
      const text = input.toString("latin1", 0, end);
      input = input.subarray(end + separator.length);
      if (this.#state === "head") this.#readHead(text);
      else if (this.#state === "chunk-size") this.#readChunkSize(text);
      else if (this.#state === "chunk-end") this.#state = "chunk-size";
      else if (text === "") return this.#finish();
    }
  }

  #readHead(head: string): void {
    this.#status = Number(head.slice(9, 12));
    if (this.#status < 200) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (length) {
      this.#remaining = Number(length[1]);
      this.#state = "sized-body";
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = "chunk-size";
    } else if (this.#status === 204) {
      this.#remaining = 0;
      this.#state = "sized-body";
    } else {
      throw new Error(`an answer without a length: ${head}`);
    }
  }

  #readChunkSize(line: string): void {
    this.#remaining = Number.parseInt(line, 16);
    if (Number.isNaN(this.#remaining)) throw new Error(`not a chunk size: ${line}`);
    this.#state = this.#remaining === 0 ? "trailer" : "chunk";
  }

  #take(piece: Buffer): void {
    if (this.#sink) this.#sink(piece);
    else this.#pieces.push(Buffer.from(piece));
  }

  #finish(): Answer {
    const body = this.#pieces.length === 1 ? (this.#pieces[0] ?? NOTHING) : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#sink = undefined;
    this.#state = "head";
    return { status: this.#status, body };
  }
}
