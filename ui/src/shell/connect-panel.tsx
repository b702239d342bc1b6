import { useState } from "react";
import { CopyButton } from "../parts/copy-button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { AUTH_LINES, CLIENTS, type Client, connectLines } from "./connect-lines.ts";

interface PanelProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

/** This server's address, below its static prefix. */
function serverUri(): string {
  return new URL(".", location.origin + location.pathname).href;
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
          <Lines text={connectLines(client, serverUri())} label={`Copy the lines for ${client}`} />
          <p className="text-ink-muted">If this server asks who you are, set one of these first:</p>
          <Lines text={AUTH_LINES} label="Copy the lines for signing in" />
        </div>
      </Tabs>
    </Dialog>
  );
}

function Lines({ text, label }: { text: string; label: string }) {
  return (
    <div className="relative rounded border border-line bg-surface">
      <pre className="overflow-x-auto p-3 pr-10 font-mono text-sm">{text}</pre>
      <CopyButton text={text} label={label} className="absolute top-1 right-1" />
    </div>
  );
}
