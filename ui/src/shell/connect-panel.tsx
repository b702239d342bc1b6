import { CopyButton } from "../parts/copy-button.tsx";
import type { OverlayProps } from "../parts/dialog.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { ClientLines } from "./client-lines.tsx";
import { serverUri } from "./connect-lines.ts";

export default function ConnectPanel(overlay: OverlayProps) {
  const uri = serverUri().replace(/\/$/, "");
  return (
    <Dialog
      {...overlay}
      title="Connect a client"
      description="Every client of MLflow works with this address. These lines log a run."
      width="medium"
    >
      <p className="mb-3 flex items-center gap-1">
        <span className="mr-2 text-ink-muted">Address</span>
        <span className="min-w-0 font-mono text-sm wrap-anywhere">{uri}</span>
        <CopyButton text={uri} label="Copy the address" />
      </p>
      <ClientLines />
    </Dialog>
  );
}
