import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { classNames, OVERLAY } from "./class-names.ts";

const DELAY_MS = 400;
const GAP_PX = 6;
const MARGIN_PX = 8;

/**
 * The page's tooltips, once in its frame. A tooltip shows the `data-tooltip` of the element under the resting mouse, or
 * of the element that keys have focused. A tooltip is no label: the element has a name of its own.
 */
export function Tooltips() {
  const [owner, setOwner] = useState<HTMLElement>();
  useEffect(() => {
    let next: HTMLElement | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const toward = (element: HTMLElement | undefined): void => {
      if (element === next) return;
      next = element;
      clearTimeout(timer);
      setOwner(undefined);
      if (element !== undefined) timer = setTimeout(() => setOwner(element), DELAY_MS);
    };
    const hide = (): void => toward(undefined);
    const onPointerOver = (event: PointerEvent): void =>
      toward(event.pointerType === "mouse" ? ownerOf(event) : undefined);
    const onFocusIn = (event: FocusEvent): void => {
      const element = ownerOf(event);
      toward(element?.matches(":focus-visible") ? element : undefined);
    };
    const listeners = {
      pointerover: onPointerOver,
      focusin: onFocusIn,
      focusout: hide,
      pointerdown: hide,
      keydown: hide,
    };
    const each = (act: "addEventListener" | "removeEventListener"): void => {
      for (const [name, listener] of Object.entries(listeners)) document[act](name, listener as EventListener, true);
      document[act]("scroll", hide, true);
      document.documentElement[act]("pointerleave", hide);
    };
    each("addEventListener");
    return () => {
      each("removeEventListener");
      clearTimeout(timer);
    };
  }, []);
  const text = owner?.isConnected ? owner.dataset.tooltip : undefined;
  return owner !== undefined && text !== undefined && createPortal(<Popup owner={owner} text={text} />, document.body);
}

function ownerOf({ target }: Event): HTMLElement | undefined {
  return (target instanceof Element && target.closest<HTMLElement>("[data-tooltip]")) || undefined;
}

function Popup({ owner, text }: { owner: HTMLElement; text: string }) {
  const popup = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { style, offsetWidth, offsetHeight } = popup.current!;
    const box = owner.getBoundingClientRect();
    const left = box.left + (box.width - offsetWidth) / 2;
    const below = box.bottom + GAP_PX;
    const isAbove = below + offsetHeight > innerHeight - MARGIN_PX;
    style.left = `${Math.max(MARGIN_PX, Math.min(left, innerWidth - offsetWidth - MARGIN_PX))}px`;
    style.top = `${isAbove ? box.top - GAP_PX - offsetHeight : below}px`;
  });
  return (
    <div
      ref={popup}
      aria-hidden
      data-tooltip-popup
      className={classNames(OVERLAY, "pointer-events-none fixed z-50 max-w-80 px-2 py-1 text-sm wrap-anywhere")}
    >
      {text}
    </div>
  );
}
