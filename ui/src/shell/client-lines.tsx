import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sessionQuery } from "../api/session.ts";
import { CodeLines } from "../parts/code-lines.tsx";
import { Segmented } from "../parts/segmented.tsx";
import { CLIENTS, type Client, CREDENTIAL_LINES, connectLines, serverUri } from "./connect-lines.ts";

/** The lines to paste to log a run here, by client. Shows how to sign in only if the server asks for credentials. */
export function ClientLines() {
  const [client, setClient] = useState<Client>("Python");
  const asks = useQuery(sessionQuery()).data?.asks_for_credentials ?? false;
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Segmented
        label="Client"
        value={client}
        onValueChange={setClient}
        segments={CLIENTS.map((name) => ({ value: name, label: name }))}
        className="self-start"
      />
      {asks && (
        <>
          <p className="text-ink-muted">
            This server asks who you are. Set this first, or MLFLOW_TRACKING_TOKEN where you have a token:
          </p>
          <CodeLines text={CREDENTIAL_LINES} label="Copy the lines for signing in" />
        </>
      )}
      <CodeLines text={connectLines(client, serverUri(), asks)} label={`Copy the lines for ${client}`} />
    </div>
  );
}
