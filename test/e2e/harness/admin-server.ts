import type { Browser } from "playwright-core";
import { startServer, type TestServer } from "../../server.ts";
import { launchBrowser } from "./browser.ts";

/** The password of the admin. */
export const PASSWORD = "correct horse battery staple";

/** A page that shows this text as anything but text runs the script. */
export const HOSTILE = "<img src=x onerror=alert(1)>";

/** A server with an admin, on which users have no rights without grants, and a browser. */
export async function startAdminServer(): Promise<[TestServer, Browser]> {
  const env = { TRACKFLARE_ADMIN_PASSWORD: PASSWORD, TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" };
  return await Promise.all([startServer({ env }), launchBrowser()]);
}
