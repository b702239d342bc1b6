import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { CloudOff, KeyRound } from "lucide-react";
import { useEffect, useState } from "react";
import { isServerThere, type ServerTrouble, serverTrouble } from "../api/server.ts";
import { Button } from "../parts/button.tsx";

const TRY_MS = 2000;

/** Says that the server is away, or that it no longer knows the reader; what is on screen stays meanwhile. */
export default function ConnectionBanner() {
  const client = useQueryClient();
  const [trouble, setTrouble] = useState<ServerTrouble>();
  useEffect(() => watchServer(client, setTrouble), [client]);
  useEffect(() => {
    if (trouble !== "away") return;
    const timer = setInterval(() => void tryAgain(client, setTrouble), TRY_MS);
    return () => clearInterval(timer);
  }, [trouble, client]);
  return (
    <div role="status">
      {trouble !== undefined && (
        <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-warning-surface px-3 py-1 wide:px-4">
          {trouble === "away" ? (
            <>
              <CloudOff size={16} aria-hidden className="shrink-0 text-warning" />
              <span className="min-w-0 flex-1">
                The server cannot be reached. What you see may be old; it is read anew once the server answers.
              </span>
              <Button onClick={() => void tryAgain(client, setTrouble)}>Try now</Button>
            </>
          ) : (
            <>
              <KeyRound size={16} aria-hidden className="shrink-0 text-warning" />
              <span className="min-w-0 flex-1">This server wants to know who you are.</span>
              <Button onClick={() => location.reload()}>Sign in</Button>
            </>
          )}
        </div>
      )}
    </div>
  );
}

type Tell = (trouble: ServerTrouble | undefined) => void;

/** Every answer to a query or a change says how the server is. */
function watchServer(client: QueryClient, tell: Tell): () => void {
  const forgetQueries = client.getQueryCache().subscribe((event) => {
    if (event.type !== "updated") return;
    if (event.action.type === "success" && !event.action.manual) tell(undefined);
    else if (event.action.type === "failed" || event.action.type === "error") hear(event.action.error, tell);
  });
  const forgetChanges = client.getMutationCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "error") hear(event.action.error, tell);
  });
  for (const { state } of client.getQueryCache().getAll()) hear(state.error ?? state.fetchFailureReason, tell);
  return () => {
    forgetQueries();
    forgetChanges();
  };
}

function hear(error: unknown, tell: Tell): void {
  const trouble = serverTrouble(error);
  if (trouble !== undefined) tell(trouble);
}

async function tryAgain(client: QueryClient, tell: Tell): Promise<void> {
  if (!(await isServerThere())) return;
  tell(undefined);
  await client.invalidateQueries();
}
