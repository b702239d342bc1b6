import { useState } from "react";
import { CodeLines } from "../../parts/code-lines.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { CLIENTS, type Client, connectLines, serverUri } from "../../shell/connect-lines.ts";

/** What to do on a server without a run. The list is asked again and again meanwhile: the first run takes its place. */
export default function FirstRun() {
  const [client, setClient] = useState<Client>("Python");
  return (
    <section
      aria-label="Log the first run"
      className="flex w-full max-w-[640px] flex-col gap-3 self-center p-4 wide:py-10"
    >
      <h2 className="text-lg">Log the first run</h2>
      <p className="text-ink-muted">Paste these lines; the experiment appears here by itself.</p>
      <Segmented
        label="Client"
        value={client}
        onValueChange={setClient}
        segments={CLIENTS.map((name) => ({ value: name, label: name }))}
        className="self-start"
      />
      <CodeLines text={connectLines(client, serverUri())} label={`Copy the lines for ${client}`} />
      <p role="status" className="flex items-center gap-2 text-ink-muted">
        <span aria-hidden className="size-2 animate-pulse rounded-full bg-accent" />
        Waiting for the first run…
      </p>
    </section>
  );
}
