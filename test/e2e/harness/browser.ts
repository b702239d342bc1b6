import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { type Browser, chromium } from "playwright-core";

/** The paths of Chromium and related browsers in Linux distributions. */
const SYSTEM_BROWSERS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"].map(
  (name) => `/usr/bin/${name}`,
);

/** The browser that `TRACKFLARE_TEST_BROWSER` names, the system's, or Playwright's download; undefined without any. */
function findBrowser(): string | undefined {
  const named = process.env.TRACKFLARE_TEST_BROWSER;
  if (named !== undefined && named !== "") return named;
  return [...SYSTEM_BROWSERS, chromium.executablePath()].find((path) => existsSync(path));
}

/**
 * The executable of a Chromium. If there is none, installs one: as a Debian package if packages can be installed, otherwise as
 * Playwright's own download, which may lack libraries of the system.
 * @throws Error that says how to provide one
 */
export function installedBrowser(): string {
  const found = findBrowser();
  if (found !== undefined) return found;
  console.error("Installing Chromium…");
  if (isOurDebian()) {
    const aptGet = (...args: string[]) =>
      spawnSync("apt-get", ["-qq", ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
        stdio: ["ignore", "ignore", "inherit"],
      });
    aptGet("update");
    aptGet("install", "--yes", "--no-install-recommends", "chromium");
  }
  if (findBrowser() === undefined) {
    const cli = join(dirname(createRequire(import.meta.url).resolve("playwright-core/package.json")), "cli.js");
    spawnSync(process.execPath, [cli, "install", "--no-shell", "chromium"], { stdio: ["ignore", "ignore", "inherit"] });
  }
  const installed = findBrowser();
  if (installed === undefined) {
    throw new Error("There is no Chromium and none could be installed: name one in TRACKFLARE_TEST_BROWSER.");
  }
  return installed;
}

/** Whether packages can be installed here. */
export function isOurDebian(): boolean {
  const release = "/etc/os-release";
  return process.getuid?.() === 0 && existsSync(release) && /^ID(_LIKE)?=.*debian/m.test(readFileSync(release, "utf8"));
}

/** A new headless Chromium with an empty profile. It finds no host except 127.0.0.1. The caller closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: installedBrowser(),
    headless: true,
    args: [
      // Containers have a small /dev/shm and no GPU.
      "--disable-dev-shm-usage",
      "--disable-gpu",
      // Neither pages nor the browser can reach another machine. Playwright's routes would do this too, but turn the cache off.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      "--disable-background-networking",
      "--disable-component-update",
    ],
  });
}
