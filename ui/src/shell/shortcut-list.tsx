import { Dialog } from "../parts/dialog.tsx";
import { KeyValues } from "../parts/key-values.tsx";
import { keysLabel, useAllCommands } from "./commands.ts";

interface PanelProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export default function ShortcutList(panel: PanelProps) {
  const commands = useAllCommands().filter((command) => command.keys !== undefined);
  const groups = Map.groupBy(commands, (command) => command.group);
  return (
    <Dialog {...panel} title="Keyboard shortcuts">
      {[...groups].map(([group, members]) => (
        <section key={group} className="mb-4">
          <h3 className="mb-1">{group}</h3>
          <KeyValues
            label={group}
            rows={members.map((command) => ({
              name: command.label,
              value: <kbd className="font-sans">{keysLabel(command.keys ?? "")}</kbd>,
            }))}
          />
        </section>
      ))}
    </Dialog>
  );
}
