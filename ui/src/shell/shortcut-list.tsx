import type { OverlayProps } from "../parts/dialog.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { keysLabel, useAllCommands } from "./commands.ts";

/** The keys that a focused table handles itself. */
const IN_TABLES = [
  { label: "Move", keys: "↑ ↓" },
  { label: "Open", keys: "Enter" },
  { label: "Select; with Shift a range", keys: "Space" },
];

export default function ShortcutList(overlay: OverlayProps) {
  const commands = useAllCommands().filter((command) => command.keys !== undefined);
  const lines = commands.map(({ group, label, keys = "" }) => ({ group, label, keys: keysLabel(keys) }));
  const groups = Map.groupBy(
    [...lines, ...IN_TABLES.map((line) => ({ ...line, group: "In tables" }))],
    ({ group }) => group,
  );
  return (
    <Dialog {...overlay} title="Keyboard shortcuts">
      {[...groups].map(([group, members]) => (
        <section key={group} aria-label={group} className="mb-4 last:mb-0">
          <h3 className="mb-1 text-ink-muted text-sm">{group}</h3>
          <dl>
            {members.map(({ label, keys }) => (
              <div key={label} className="flex min-h-7 items-center gap-4 border-line border-b">
                <dt className="min-w-0 flex-1">{label}</dt>
                <dd>
                  <kbd className="font-sans text-ink-muted">{keys}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
