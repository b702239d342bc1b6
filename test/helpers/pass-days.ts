import { env } from "cloudflare:workers";
import { vi } from "vitest";

/** Makes all sign-ins this many days older. The isolate's clock goes on by 11 s. The caller restores the real clock. */
export async function passDays(days: number): Promise<void> {
  await env.DB.prepare("UPDATE sign_ins SET creation_time = creation_time - ?1, last_seen_time = last_seen_time - ?1")
    .bind(days * 24 * 60 * 60 * 1000)
    .run();
  // The isolate's memory of cookies must expire too.
  vi.useFakeTimers({ now: Date.now() + 11_000, toFake: ["Date"] });
}
