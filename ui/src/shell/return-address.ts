const SIGN_IN = "/sign-in";

/**
 * The address of the sign-in page, which leads back afterwards.
 * @param from a path of this UI, such as `/experiments/1?tab=charts`
 */
export function signInAddress(from: string): string {
  if (from.startsWith(SIGN_IN) || from === "/") return from.startsWith(SIGN_IN) ? from : SIGN_IN;
  return `${SIGN_IN}?to=${encodeURIComponent(from)}`;
}

/**
 * The address to open after a sign-in: a page of this UI, by its path, or a file of this server, by its address below the
 * page's folder. It is never another place, even if a link to the sign-in page names one.
 * @param base the page's own folder
 */
export function returnAddress(to: string | undefined, base: string): { page: string } | { file: string } {
  const home = { page: "/" };
  if (to === undefined || to === "") return home;
  if (to.startsWith("/")) return to.startsWith(SIGN_IN) ? home : { page: to };
  if (!URL.canParse(to, base)) return home;
  const folder = new URL(".", base);
  const file = new URL(to, folder);
  const isBelow = file.origin === folder.origin && file.pathname.startsWith(folder.pathname);
  return isBelow && file.pathname !== folder.pathname ? { file: file.href } : home;
}
