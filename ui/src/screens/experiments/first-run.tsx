import { ClientLines } from "../../shell/client-lines.tsx";

/** Instructions for a server without a run. The list reloads meanwhile, so the first run replaces the instructions. */
export default function FirstRun() {
  return (
    <section
      aria-label="Log the first run"
      className="flex w-full max-w-[720px] flex-col gap-3 self-center p-4 wide:py-10"
    >
      <h2 className="text-lg">Log the first run</h2>
      <p className="text-ink-muted">Paste these lines; the run's experiment appears here by itself.</p>
      <ClientLines />
      <p role="status" className="flex items-center gap-2 text-ink-muted">
        <span aria-hidden className="size-2 animate-pulse rounded-full bg-accent" />
        Waiting for the first run…
      </p>
    </section>
  );
}
