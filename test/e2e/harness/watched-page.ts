import type { BrowserContext, ConsoleMessage, Page, Response } from "playwright-core";

/** A request that was answered with an error, or not at all. */
export interface FailedCall {
  readonly method: string;
  /** Path and query, without the origin. */
  readonly path: string;
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** The answer's start, or the network's error. */
  readonly text: string;
}

/** What went wrong in a page since it was opened, in the order in which it was seen. */
export interface PageTrouble {
  /** What the page, or the browser about it, wrote to the console as errors, and what nobody caught. */
  readonly consoleErrors: string[];
  /** What the Content Security Policy refused. */
  readonly cspViolations: string[];
  readonly failedCalls: FailedCall[];
  /** Addresses outside the page's own origin that it asked for; the browser finds no other host. */
  readonly foreignRequests: string[];
}

/** A page, and what it did. */
export interface WatchedPage {
  readonly page: Page;
  readonly trouble: PageTrouble;
  /** Every API request since the page was opened, as `METHOD path` without the query. */
  readonly calls: ReadonlySet<string>;
}

/** The browser's own line about a failed response says less than the call itself, which is kept. */
const FAILED_RESOURCE = /^Failed to load resource:/;

const CSP = /Content Security Policy/i;

/** How much of an error's answer is kept, in characters. */
const ERROR_TEXT_LENGTH = 300;

/** Opens an empty page that is to show `origin`. */
export async function watchPage(context: BrowserContext, origin: string): Promise<WatchedPage> {
  const page = await context.newPage();
  const calls = new Set<string>();
  const trouble: PageTrouble = { consoleErrors: [], cspViolations: [], failedCalls: [], foreignRequests: [] };
  page.on("console", (message) => noteConsole(trouble, message));
  page.on("pageerror", (error) => trouble.consoleErrors.push(`Uncaught ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin === origin) calls.add(`${request.method()} ${url.pathname}`);
    else if (url.protocol.startsWith("http")) trouble.foreignRequests.push(url.href);
  });
  page.on("response", (response) => void noteResponse(trouble, response));
  page.on("requestfailed", (request) => {
    const text = request.failure()?.errorText ?? "";
    // The page changed its mind, as when a query is typed further.
    if (text === "net::ERR_ABORTED" || !request.url().startsWith(origin)) return;
    trouble.failedCalls.push({ method: request.method(), path: request.url().slice(origin.length), status: 0, text });
  });
  return { page, trouble, calls };
}

function noteConsole(trouble: PageTrouble, message: ConsoleMessage): void {
  const text = message.text();
  if (CSP.test(text)) trouble.cspViolations.push(text);
  else if (message.type() === "error" && !FAILED_RESOURCE.test(text)) trouble.consoleErrors.push(text);
}

async function noteResponse(trouble: PageTrouble, response: Response): Promise<void> {
  if (response.status() < 400) return;
  const url = new URL(response.url());
  const call = { method: response.request().method(), path: url.pathname + url.search, status: response.status() };
  // Pushed at once, filled in when the body is here: a page that goes away takes it along.
  const index = trouble.failedCalls.push({ ...call, text: "" }) - 1;
  const text = await response.text().catch(() => "");
  trouble.failedCalls[index] = { ...call, text: text.slice(0, ERROR_TEXT_LENGTH) };
}
