/** Bindings and settings that wrangler.toml does not carry: secrets, and what only the local command gives. Merges with what `wrangler types` generates. */
interface __BaseEnv_Env {
  /** The local file service (cli/file-service.ts), where artifacts are plain files. */
  FILES?: Fetcher;
  /** The runtime's own, read-only view of the same folder. */
  DISK?: Fetcher;
  /** The same of the folder in which uploads grow, to be written to. */
  UPLOADS?: Fetcher;
  TRACKFLARE_LOCAL?: string;
  TRACKFLARE_ADMIN_USERNAME?: string;
  TRACKFLARE_ADMIN_PASSWORD?: string;
  TRACKFLARE_ADMIN_TOKEN?: string;
  TRACKFLARE_OIDC_ISSUER?: string;
  TRACKFLARE_OIDC_CLIENT_ID?: string;
  TRACKFLARE_OIDC_CLIENT_SECRET?: string;
  TRACKFLARE_OIDC_NAME?: string;
  TRACKFLARE_OIDC_SCOPES?: string;
  TRACKFLARE_ACCESS_TEAM?: string;
  TRACKFLARE_ACCESS_AUDIENCE?: string;
  TRACKFLARE_SSO_USERNAME_CLAIM?: string;
  TRACKFLARE_SSO_GROUPS_CLAIM?: string;
  TRACKFLARE_SSO_ADMIN_GROUPS?: string;
  TRACKFLARE_SSO_ROLES?: string;
  TRACKFLARE_URL?: string;
  TRACKFLARE_ARTIFACTS?: string;
  TRACKFLARE_URL_SECRET?: string;
  TRACKFLARE_CELLS?: string;
  TRACKFLARE_WORKERS_PLAN?: string;
  TRACKFLARE_CELLS_PER_EXPERIMENT?: string;
  TRACKFLARE_DEFAULT_PERMISSION?: string;
  TRACKFLARE_METRICS?: string;
  TRACKFLARE_LOG_REQUESTS?: string;
  MLFLOW_SERVER_ALLOWED_HOSTS?: string;
  MLFLOW_SERVER_CORS_ALLOWED_ORIGINS?: string;
  MLFLOW_STATIC_PREFIX?: string;
  MLFLOW_SERVER_X_FRAME_OPTIONS?: string;
}
