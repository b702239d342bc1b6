import { ContextMenu as BaseContext } from "@base-ui/react/context-menu";
import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { classNames, OVERLAY, OVERLAY_ITEM } from "./class-names.ts";

/** One line of a menu; null draws a line between groups. */
export type MenuEntry =
  | {
      label: string;
      icon?: ReactNode;
      /** Shown at the right, such as `Del`; the menu does not listen for it. */
      shortcut?: string;
      isDisabled?: boolean;
      isDangerous?: boolean;
      /** Makes the line a check box. Pressing it keeps the menu open. */
      isChecked?: boolean;
      onSelect: () => void;
    }
  | { label: string; icon?: ReactNode; href: string }
  | { label: string; icon?: ReactNode; entries: readonly MenuEntry[] }
  | null;

interface MenuProps {
  /** The button that opens it, given as an element. */
  trigger: ReactElement;
  entries: readonly MenuEntry[];
  side?: "top" | "right" | "bottom" | "left";
  align?: "start" | "center" | "end";
  isInitiallyOpen?: boolean;
}

export function Menu({ trigger, entries, side = "bottom", align = "start", isInitiallyOpen = false }: MenuProps) {
  return (
    <Base.Root defaultOpen={isInitiallyOpen}>
      <Base.Trigger render={trigger} />
      <Panel entries={entries} side={side} align={align} />
    </Base.Root>
  );
}

interface ContextMenuProps {
  entries: readonly MenuEntry[];
  /** The element of the menu. Offer the same lines by a button, because not everyone can right-click. */
  children: ReactElement;
}

export function ContextMenu({ entries, children }: ContextMenuProps) {
  return (
    <BaseContext.Root>
      <BaseContext.Trigger render={children} />
      <Panel entries={entries} />
    </BaseContext.Root>
  );
}

function Panel({ entries, ...position }: Pick<MenuProps, "entries" | "side" | "align">) {
  return (
    <Base.Portal>
      <Base.Positioner sideOffset={4} collisionPadding={8} {...position}>
        <Base.Popup className={classNames(OVERLAY, "max-h-(--available-height) min-w-44 overflow-y-auto p-1")}>
          {entries.map((entry, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a menu have no identity but their place
            <Entry key={index} entry={entry} />
          ))}
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  if (entry === null) return <Base.Separator className="my-1 h-px bg-line" />;
  if ("entries" in entry) {
    return (
      <Base.SubmenuRoot>
        <Base.SubmenuTrigger className={OVERLAY_ITEM}>
          {entry.icon}
          <span className="flex-1">{entry.label}</span>
          <span aria-hidden>›</span>
        </Base.SubmenuTrigger>
        <Panel entries={entry.entries} side="right" />
      </Base.SubmenuRoot>
    );
  }
  if ("href" in entry) {
    return (
      <Base.LinkItem className={OVERLAY_ITEM} href={entry.href} closeOnClick>
        {entry.icon}
        {entry.label}
      </Base.LinkItem>
    );
  }
  const { label, icon, shortcut, isDisabled = false, isDangerous, isChecked, onSelect } = entry;
  const line = (
    <>
      {icon}
      <span className="flex-1">{label}</span>
      {shortcut !== undefined && <kbd className="pl-4 font-sans text-ink-faint text-sm">{shortcut}</kbd>}
    </>
  );
  const className = classNames(OVERLAY_ITEM, isDangerous && !isDisabled && "text-danger!");
  if (isChecked === undefined) {
    return (
      <Base.Item className={className} disabled={isDisabled} onClick={onSelect}>
        {line}
      </Base.Item>
    );
  }
  return (
    <Base.CheckboxItem className={className} disabled={isDisabled} checked={isChecked} onCheckedChange={onSelect}>
      <span className="flex size-4 items-center justify-center">
        <Base.CheckboxItemIndicator>
          <Check size={14} aria-hidden />
        </Base.CheckboxItemIndicator>
      </span>
      {line}
    </Base.CheckboxItem>
  );
}
