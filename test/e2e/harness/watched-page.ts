import type { BrowserContext, ConsoleMessage, Page, Response } from "playwright-core";

/** A request that got an error, or no answer. */
export interface FailedCall {
  readonly method: string;
  /** The path and query, without the origin. */
  readonly path: string;
  /** The answer's status; 0 without an answer. */
  readonly status: number;
  /** The beginning of the answer, or the network's error. */
  readonly text: string;
}

/** The errors in a page since it was opened, in order. */
export interface PageTrouble {
  /** Error lines of the console, from the page or the browser, and uncaught errors. */
  readonly consoleErrors: string[];
  /** Violations of the Content Security Policy. */
  readonly cspViolations: string[];
  readonly failedCalls: FailedCall[];
  /** Requested addresses outside the page's origin. The browser finds no other host. */
  readonly foreignRequests: string[];
}

/** A page, and the record of its requests and errors. */
export interface WatchedPage {
  readonly page: Page;
  readonly trouble: PageTrouble;
  /** All API requests since the page was opened, as `METHOD path` without the query. */
  readonly calls: ReadonlySet<string>;
}

/** The browser's console line about a failed response. It is dropped, because the record of the call says more. */
const FAILED_RESOURCE = /^Failed to load resource:/;

const CSP = /Content Security Policy/i;

/** How many characters of an error's answer are kept. */
const ERROR_TEXT_LENGTH = 300;

/** Opens an empty page that will show `origin`. */
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
    // The page cancelled its own request, for example because the reader typed on.
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
  // Pushed at once and completed when the body arrives, because a page that closes drops the body.
  const index = trouble.failedCalls.push({ ...call, text: "" }) - 1;
  const text = await response.text().catch(() => "");
  trouble.failedCalls[index] = { ...call, text: text.slice(0, ERROR_TEXT_LENGTH) };
}
