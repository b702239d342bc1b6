import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import puppeteer, { type Browser } from "puppeteer-core";
import { isOurDebian } from "./browser.ts";

const SYSTEM_FIREFOXES = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];

function findFirefox(): string | undefined {
  const named = process.env.TRACKFLARE_TEST_FIREFOX;
  if (named !== undefined && named !== "") return named;
  return SYSTEM_FIREFOXES.find((path) => existsSync(path));
}

/** The executable of a Firefox. It is installed if Debian packages can be installed. Undefined without a Firefox. */
export function installedFirefox(): string | undefined {
  const found = findFirefox();
  if (found !== undefined || !isOurDebian()) return found;
  console.error("Installing Firefox…");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const aptGet = (...args: string[]) =>
    spawnSync("apt-get", ["-qq", ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
  aptGet("update");
  aptGet("install", "--yes", "--no-install-recommends", "firefox-esr");
  return findFirefox();
}

/** A new headless Firefox with an empty profile. It is the system's Firefox, because Playwright drives only its own builds. */
export function launchFirefox(executablePath: string): Promise<Browser> {
  return puppeteer.launch({ browser: "firefox", executablePath, headless: true });
}
