/* Web addresses of commits, for repositories on known hosts. */

const HOSTED = /^(?:https:\/\/|git@|ssh:\/\/git@)(github\.com|gitlab\.com|bitbucket\.org)[:/]([\w./-]+?)(?:\.git)?\/?$/;
const COMMIT = /^[0-9a-f]{7,64}$/;

function hosted(repository: string | undefined): { host: string; url: string } | undefined {
  const [, host, path] = HOSTED.exec(repository ?? "") ?? [];
  return host === undefined || path === undefined ? undefined : { host, url: `https://${host}/${path}` };
}

/** The page of a commit. */
export function commitUrl(repository: string | undefined, commit: string): string | undefined {
  const found = hosted(repository);
  if (found === undefined || !COMMIT.test(commit)) return undefined;
  return `${found.url}/${found.host === "bitbucket.org" ? "commits" : "commit"}/${commit}`;
}

/** The page with the changes from one commit of a repository to another. */
export function diffUrl(repository: string | undefined, from: string, to: string): string | undefined {
  const found = hosted(repository);
  if (found === undefined || from === to || !COMMIT.test(from) || !COMMIT.test(to)) return undefined;
  switch (found.host) {
    case "github.com":
      return `${found.url}/compare/${from}...${to}`;
    case "gitlab.com":
      return `${found.url}/-/compare/${from}...${to}`;
    default:
      return `${found.url}/branches/compare/${to}%0D${from}`;
  }
}
