import type { ArtifactStore } from "../stores/artifacts/artifact-store.ts";
import type { Database } from "../stores/d1/database.ts";

/** Who is calling. Users and their grants join the admin here once there are users. */
export interface Principal {
  readonly username: string;
  readonly isAdmin: boolean;
}

/** What a service works with: the stores, the caller, and nothing of HTTP. */
export interface ServiceContext {
  readonly env: Env;
  /** To read from. */
  readonly db: D1Database;
  /** To write to: the same database, with what several write at once in one transaction. */
  readonly writes: Database;
  readonly artifacts: ArtifactStore;
  readonly principal: Principal;
  readonly requestId: string;
  /** Lets work go on after the answer; it must be safe to lose. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}
