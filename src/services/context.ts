import type { LocationRules } from "../domain/artifact-location.ts";
import type { Principal } from "../domain/principal.ts";
import type { Visibility } from "../search/visibility.ts";
import type { ArtifactStore } from "../stores/artifacts/artifact-store.ts";
import type { Database } from "../stores/d1/connection/database.ts";
import type { CellSettings } from "../stores/run/placement.ts";
import type { SsoSettings } from "./access/sso/settings.ts";

/** "only": artifacts pass by presigned URLs alone. "offered": clients that know of them use them, others need not. */
export type PresignedUse = "only" | "offered" | "off";

/** What a service works with: the stores, the caller, and nothing of HTTP. */
export interface ServiceContext {
  readonly env: Env;
  /** To read from. */
  readonly db: D1Database;
  /** To write to: the same database, with what several write at once in one transaction. */
  readonly writes: Database;
  readonly artifacts: ArtifactStore;
  readonly locations: LocationRules;
  /** Whether clients may send artifacts through this server and fetch them. */
  readonly isServingArtifacts: boolean;
  /** Whether runs and experiments are another server's. */
  readonly isArtifactsOnly: boolean;
  /** What URLs are signed with that need no other credential; undefined where there is no secret. */
  readonly signingSecret: string | undefined;
  /** All that the settings say of the admin; undefined where the server asks for no credentials. */
  readonly adminSecrets: string | undefined;
  /** Of the admin of the settings, whose name no user has. */
  readonly adminUsername: string;
  /** Whose name and password these are; for an own page of this server. See http/sign-in.ts. */
  readonly principalOfPassword: (username: string, password: string) => Promise<Principal | undefined>;
  /** How people sign in by a provider. */
  readonly sso: SsoSettings | undefined;
  /** Where browsers find this server; undefined where the request says it. */
  readonly publicUrl: string | undefined;
  /** Of the client, as a proxy tells it that is trusted; else empty. */
  readonly clientAddress: string;
  /** Whether the operator lets clients learn that they may send large files by parts. */
  readonly announcesMultipart: boolean;
  /** The same of fetching files from where the store has them. */
  readonly announcesPresigned: boolean;
  /** Whether clients are told to send and fetch every file by presigned URLs, and whether they may do otherwise. */
  readonly presigned: PresignedUse;
  /** How long a URL to read a file is good. */
  readonly presignedSeconds: number;
  /** Where metric histories of new runs go. */
  readonly cells: CellSettings;
  /** What users hold on everything that no grant of theirs is about. */
  readonly defaultLevel: number;
  readonly principal: Principal;
  /** What of the server the caller may see; every search and list takes it into its statements. */
  readonly visibility: Visibility;
  readonly requestId: string;
  /** Lets work go on after the answer; it must be safe to lose. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}
