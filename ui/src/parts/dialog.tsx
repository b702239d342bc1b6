import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button, IconButton } from "./button.tsx";
import { classNames, OVERLAY } from "./class-names.ts";

const BACKDROP = "fixed inset-0 bg-scrim";

const POPUP =
  "fixed top-[12vh] left-1/2 flex max-h-[76vh] w-[calc(100vw-24px)] -translate-x-1/2 flex-col overflow-hidden";

/**
 * The element that gets the focus when a dialog opens. Without such an element, the dialog itself gets the focus, not
 * its close button.
 */
const FIRST_FIELD = "input:not([aria-hidden=true]), textarea";

const WIDTHS = { narrow: "max-w-[440px]", medium: "max-w-[640px]", broad: "max-w-[960px]" };

/** Whether an overlay is open, and how it says that it wants to close. */
export interface OverlayProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export interface DialogProps extends OverlayProps {
  title: string;
  description?: ReactNode;
  width?: keyof typeof WIDTHS;
  /** Buttons, at the end. */
  footer?: ReactNode;
  children?: ReactNode;
}

export function Dialog({ isOpen, onOpenChange, title, description, width = "narrow", footer, children }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  useFocusAfter(isOpen);
  return (
    <Base.Root open={isOpen} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup
          ref={popup}
          initialFocus={() => popup.current?.querySelector<HTMLElement>(FIRST_FIELD) ?? popup.current}
          className={classNames(OVERLAY, POPUP, WIDTHS[width])}
        >
          <header className="flex items-start gap-2 px-4 pt-3">
            <Base.Title className="min-w-0 flex-1 text-lg wrap-anywhere">{title}</Base.Title>
            <Base.Close render={<IconButton label="Close" icon={<X size={16} aria-hidden />} />} />
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-4 pt-1 pb-4">
            {description !== undefined && (
              <Base.Description className="mb-3 text-ink-muted">{description}</Base.Description>
            )}
            {children}
          </div>
          {footer !== undefined && (
            <footer className="flex flex-wrap justify-end gap-2 border-line border-t px-4 py-3">{footer}</footer>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export interface FormDialogProps extends Omit<DialogProps, "footer"> {
  submitLabel: string;
  /** The dialog closes when the promise resolves. If it rejects, the dialog shows the error above the buttons. */
  onSubmit: () => Promise<unknown>;
  canSubmit?: boolean;
}

export function FormDialog({ submitLabel, onSubmit, canSubmit = true, children, ...dialog }: FormDialogProps) {
  const formId = useId();
  const { isBusy, problem, attempt } = useAttempt(onSubmit, () => dialog.onOpenChange(false));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (canSubmit && !isBusy) attempt();
  };
  // The buttons stay in sight below fields that scroll.
  const footer = (
    <>
      <div className="basis-full empty:hidden">
        <Problem text={problem} />
      </div>
      <Button onClick={() => dialog.onOpenChange(false)}>Cancel</Button>
      <Button type="submit" form={formId} kind="primary" isBusy={isBusy} disabled={!canSubmit}>
        {submitLabel}
      </Button>
    </>
  );
  return (
    <Dialog {...dialog} footer={footer}>
      <form id={formId} onSubmit={submit} className="flex flex-col gap-3">
        {children}
      </form>
    </Dialog>
  );
}

export interface ConfirmDialogProps extends OverlayProps {
  title: string;
  /** The effect, and whether it can be undone. */
  description: ReactNode;
  confirmLabel: string;
  isDangerous?: boolean;
  onConfirm: () => Promise<unknown>;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, onOpenChange, title, description, confirmLabel, isDangerous = false, onConfirm } = props;
  const { isBusy, problem, attempt } = useAttempt(onConfirm, () => onOpenChange(false));
  useFocusAfter(isOpen);
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={BACKDROP} />
        <AlertDialog.Popup className={classNames(OVERLAY, POPUP, WIDTHS.narrow, "gap-3 p-4")}>
          <AlertDialog.Title className="text-lg wrap-anywhere">{title}</AlertDialog.Title>
          <AlertDialog.Description render={<div />} className="min-h-0 overflow-y-auto text-ink-muted">
            {description}
          </AlertDialog.Description>
          <Problem text={problem} />
          <div className="flex flex-wrap justify-end gap-2">
            <AlertDialog.Close render={<Button>Cancel</Button>} />
            <Button kind={isDangerous ? "danger" : "primary"} isBusy={isBusy} onClick={attempt}>
              {confirmLabel}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

/**
 * Base UI returns the focus to the element that had it. If that element is gone, such as a deleted row, the row in its
 * place gets the focus, otherwise the page.
 */
function useFocusAfter(isOpen: boolean): void {
  useEffect(() => {
    if (!isOpen) return;
    return () => {
      setTimeout(() => {
        if (document.activeElement !== document.body) return;
        const main = document.querySelector("main");
        (main?.querySelector<HTMLElement>("[role=row][tabindex='0']") ?? main)?.focus();
      });
    };
  }, [isOpen]);
}

function Problem({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p role="alert" className="rounded bg-danger-surface px-2 py-1.5 text-danger wrap-anywhere">
      {text}
    </p>
  );
}

/** Runs a change, one at a time, and keeps its error. */
function useAttempt(change: () => Promise<unknown>, done: () => void) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const attempt = (): void => {
    setBusy(true);
    setProblem(undefined);
    change()
      .then(done, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(false));
  };
  return { isBusy, problem, attempt };
}
