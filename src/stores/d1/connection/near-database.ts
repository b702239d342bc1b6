import { invalidParameter } from "../../../domain/errors.ts";

/** The header that carries a {@link NearDatabase.bookmark} from an answer to the page's next request. */
export const BOOKMARK_HEADER = "X-Trackflare-Bookmark";

/** A bookmark is hexadecimal numbers with dashes. */
const BOOKMARK = /^[0-9a-f-]{8,128}$/i;

/**
 * Reads of one request from the replica of D1 that is nearest to the reader (D1's Sessions API). A replica is some
 * milliseconds to seconds behind the primary. The bookmark of an earlier answer says how new the replica must be at least,
 * so that a page never sees an older state than it has seen before. Without a bookmark the first read goes to the primary.
 */
export class NearDatabase {
  /** The methods of D1 that reads use. A statement that writes goes to the primary. */
  readonly db: D1Database;
  /** Whether the page has a bookmark, and so may be answered by a replica. */
  readonly isGoingOn: boolean;
  readonly #session: D1DatabaseSession;

  /**
   * @param asked the bookmark of the page's latest answer; null where the page has none
   * @throws MlflowError INVALID_PARAMETER_VALUE when the bookmark is none
   */
  constructor(primary: D1Database, asked: string | null) {
    if (asked !== null && !BOOKMARK.test(asked)) {
      throw invalidParameter(`The header ${BOOKMARK_HEADER} must repeat the same header of an earlier answer.`);
    }
    this.isGoingOn = asked !== null;
    this.#session = primary.withSession(asked ?? "first-primary");
    // Reads use `prepare` and `batch`, which a session has like a database.
    this.db = this.#session as unknown as D1Database;
  }

  /** The newest state that this request has read, for the next request; null before the first answer of D1. */
  get bookmark(): string | null {
    return this.#session.getBookmark();
  }
}
