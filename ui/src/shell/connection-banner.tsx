import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { CloudOff, KeyRound } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { onAnswer } from "../api/client.ts";
import { isServerThere, type ServerTrouble, serverTrouble } from "../api/server.ts";
import { sessionQuery } from "../api/session.ts";
import { Button } from "../parts/button.tsx";
import { signInAddress } from "./return-address.ts";

const TRY_MS = 2000;

/**
 * Says that the server is unreachable, or that the reader must sign in again. The data on the screen stays meanwhile. If the
 * page shows no data yet, it opens the sign-in page at once.
 */
export default function ConnectionBanner() {
  const client = useQueryClient();
  const [trouble, setTrouble] = useState<ServerTrouble>();
  const { history } = useRouter();
  const goToSignIn = useCallback(() => history.push(signInAddress(history.location.href)), [history]);
  useEffect(
    () =>
      onAnswer((error) => {
        const found = serverTrouble(error);
        if (found === "signed-out") void client.invalidateQueries({ queryKey: sessionQuery().queryKey });
        if (found === "signed-out" && !showsAnything(client)) history.replace(signInAddress(history.location.href));
        else setTrouble(found);
      }),
    [history, client],
  );
  const tryAgain = useCallback(async (): Promise<void> => {
    if (!(await isServerThere())) return;
    setTrouble(undefined);
    await client.invalidateQueries();
  }, [client]);
  useEffect(() => {
    if (trouble !== "away") return;
    const timer = setInterval(() => void tryAgain(), TRY_MS);
    return () => clearInterval(timer);
  }, [trouble, tryAgain]);
  return (
    <div role="status">
      {trouble !== undefined && (
        <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-warning-surface px-3 py-1 wide:px-4">
          {trouble === "away" ? (
            <>
              <CloudOff size={16} aria-hidden className="shrink-0 text-warning" />
              <span className="min-w-0 flex-1">
                The server cannot be reached. The page may be out of date, and reloads its data when the server answers.
              </span>
              <Button onClick={() => void tryAgain()}>Try now</Button>
            </>
          ) : (
            <>
              <KeyRound size={16} aria-hidden className="shrink-0 text-warning" />
              <span className="min-w-0 flex-1">You are signed out. What you see may be old.</span>
              <Button onClick={goToSignIn}>Sign in</Button>
            </>
          )}
        </div>
      )}
    </div>
  );
}

/** Whether the page has any data from the server. */
function showsAnything(client: QueryClient): boolean {
  const queries = client.getQueryCache().getAll();
  return queries.some(({ queryKey, state }) => queryKey[0] !== "session" && state.data !== undefined);
}
