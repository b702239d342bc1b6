/**
 * V8's flags, as Miniflare passes them to workerd, for isolates of the size that they have on Cloudflare
 * (developers.cloudflare.com/workers/platform/limits). The second flag is the local command's own.
 */
export const ISOLATE_HEAP = {
  MINIFLARE_WORKERD_V8_FLAGS: "--max-old-space-size=128 --max-semi-space-size=4",
} as const;
