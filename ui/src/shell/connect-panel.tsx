import { useState } from "react";
import { CodeLines } from "../parts/code-lines.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { AUTH_LINES, CLIENTS, type Client, connectLines, serverUri } from "./connect-lines.ts";

interface PanelProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export default function ConnectPanel(panel: PanelProps) {
  const [client, setClient] = useState<Client>("Python");
  return (
    <Dialog
      {...panel}
      title="Connect a client"
      description="Trackflare speaks MLflow's API: its clients need this address and nothing else."
      width="medium"
    >
      <Tabs
        label="Clients"
        value={client}
        onValueChange={setClient}
        tabs={CLIENTS.map((name) => ({ value: name, label: name }))}
        className="-mx-4"
      >
        <div className="flex flex-col gap-3 p-4">
          <CodeLines text={connectLines(client, serverUri())} label={`Copy the lines for ${client}`} />
          <p className="text-ink-muted">If this server asks who you are, set one of these first:</p>
          <CodeLines text={AUTH_LINES} label="Copy the lines for signing in" />
        </div>
      </Tabs>
    </Dialog>
  );
}
