import type { LocationRules } from "../domain/artifact-location.ts";
import type { Principal } from "../domain/principal.ts";
import type { Visibility } from "../search/visibility.ts";
import type { ArtifactStore } from "../stores/artifacts/artifact-store.ts";
import type { Database } from "../stores/d1/connection/database.ts";
import type { CellSettings } from "../stores/run/placement.ts";
import type { SsoSettings } from "./access/sso/settings.ts";

/** "only": artifacts pass by presigned URLs alone. "offered": clients that know presigned URLs use them; others need not. */
export type PresignedUse = "only" | "offered" | "off";

/** A bucket to which this server and clients have credentials of their own. */
export interface DirectBucket {
  /** The folder of experiments' default locations, as a prefix of its keys. */
  readonly root: { readonly bucket: string; readonly prefix: string };
  /** The whole bucket. */
  readonly artifacts: ArtifactStore;
}

/** What a service works with: the stores and the caller, but nothing of HTTP. */
export interface ServiceContext {
  readonly env: Env;
  /** The D1 that services read from: the {@link primary}, or for the web UI's reads the nearest replica. */
  readonly db: D1Database;
  /**
   * Whether the caller is a page that goes on, with the bookmark of an earlier answer. What live runs' objects have just told
   * other pages is then new enough.
   */
  readonly isPageGoingOn: boolean;
  /** D1's primary, which has every write. Live marks are read here, and authorization too. */
  readonly primary: D1Database;
  /** The same D1, for writes: writes that arrive at the same time share one transaction. */
  readonly writes: Database;
  readonly artifacts: ArtifactStore;
  /** The address below which the data center's cache keeps files; undefined where there is no such cache. */
  readonly cachedFiles: string | undefined;
  /** The bucket in which the server can read what clients store by themselves; undefined where the settings name none. */
  readonly directBucket: DirectBucket | undefined;
  readonly locations: LocationRules;
  /** Whether clients may send artifacts through this server and fetch them. */
  readonly isServingArtifacts: boolean;
  /** Whether this server has artifacts only; another server has the runs and experiments. */
  readonly isArtifactsOnly: boolean;
  /** The secret that signs URLs which need no other credential; undefined where none is set. */
  readonly signingSecret: string | undefined;
  /** All settings about the admin; undefined where the server asks for no credentials. */
  readonly adminSecrets: string | undefined;
  /** The name of the admin from the settings. No user has that name. */
  readonly adminUsername: string;
  /** Where to report a vulnerability; undefined where the operator names no place. */
  readonly securityContact: string | undefined;
  /** The secret by which the first admin is made; undefined where there is none, or the settings have an admin. */
  readonly setupToken: string | undefined;
  /**
   * Whose name and password these are; undefined for nobody's. The attempt counts like every sign-in: where there were too
   * many wrong ones, it is refused with REQUEST_LIMIT_EXCEEDED.
   */
  readonly principalOfPassword: (username: string, password: string) => Promise<Principal | undefined>;
  /** How people sign in with an identity provider; undefined where they cannot. */
  readonly sso: SsoSettings | undefined;
  /** The URL by which browsers reach this server; undefined where the request's own URL is right. */
  readonly publicUrl: string | undefined;
  /** Where the client is: a hint for the place of an object that the client writes to. Undefined on one machine. */
  readonly clientRegion: DurableObjectLocationHint | undefined;
  /** The client's address as the edge, a trusted proxy or the connection tells it; empty where none does. */
  readonly clientAddress: string;
  /** Whether server-info tells clients that they may send large files in parts. */
  readonly announcesMultipart: boolean;
  /** Whether server-info tells clients that they may fetch files straight from the store. */
  readonly announcesPresigned: boolean;
  /** Whether clients are told to send and fetch every file by presigned URLs, and whether they may do otherwise. */
  readonly presigned: PresignedUse;
  /** How long a presigned URL to read a file is valid. */
  readonly presignedSeconds: number;
  /** Where the metric histories of new runs go. */
  readonly cells: CellSettings;
  /** The permission level of a user on everything that no grant of the user covers. */
  readonly defaultLevel: number;
  readonly principal: Principal;
  /** Which things on the server the caller may see; every search and list puts this into its statements. */
  readonly visibility: Visibility;
  readonly requestId: string;
  /** Lets work continue after the response; the work must be safe to lose. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}
