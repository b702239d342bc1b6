/** Joins class names, and leaves out false, null and undefined. */
export function classNames(...names: readonly (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}

/** The look of floating panels: menus, popovers, lists. */
export const OVERLAY = "bg-raised text-ink shadow-overlay rounded outline-none text-base";

/** One line of a menu or list, with Base UI's highlight. */
export const OVERLAY_ITEM =
  "flex min-h-7 items-center gap-2 rounded-sm px-2 py-1 select-none outline-none no-underline text-ink " +
  "data-highlighted:bg-hover data-disabled:text-ink-faint hover:no-underline";

/** The look of a control for typing or choosing text. */
export const FIELD =
  "h-7 rounded border border-line-strong bg-page px-2 text-base text-ink outline-offset-0 " +
  "aria-invalid:border-danger disabled:opacity-60";
