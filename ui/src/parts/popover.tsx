import { Popover as Base } from "@base-ui/react/popover";
import type { ReactElement, ReactNode } from "react";
import { classNames, OVERLAY } from "./class-names.ts";

interface PopoverProps {
  trigger: ReactElement;
  /** The panel's name. `isTitleHidden` shows it to screen readers only. */
  title: string;
  isTitleHidden?: boolean;
  side?: "top" | "right" | "bottom" | "left";
  align?: "start" | "center" | "end";
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  className?: string;
  children: ReactNode;
}

export function Popover(props: PopoverProps) {
  const { trigger, title, isTitleHidden, side = "bottom", align = "start", isOpen, onOpenChange, className } = props;
  return (
    <Base.Root
      {...(isOpen !== undefined && { open: isOpen })}
      {...(onOpenChange && { onOpenChange: (next: boolean) => onOpenChange(next) })}
    >
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={4} collisionPadding={8}>
          <Base.Popup
            className={classNames(
              OVERLAY,
              "max-h-(--available-height) max-w-[calc(100vw-16px)] overflow-y-auto p-3",
              className,
            )}
          >
            <Base.Title className={isTitleHidden ? "sr-only" : "mb-2"}>{title}</Base.Title>
            {props.children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
