import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { IconButton } from "./button.tsx";
import { classNames, OVERLAY } from "./class-names.ts";

const manager = Toast.createToastManager();

interface ToastAction {
  label: string;
  onSelect: () => void;
}

/** Shows for five seconds that something was done. `action` offers to undo it. */
export function say(title: string, action?: ToastAction): void {
  const id = manager.add({
    title,
    ...(action && {
      actionProps: {
        children: action.label,
        onClick: () => {
          manager.close(id);
          action.onSelect();
        },
      },
    }),
  });
}

/** Shows what failed, and why, until the reader closes it. */
export function sayFailed(title: string, error: unknown): void {
  const description = error instanceof Error ? error.message : String(error);
  manager.add({ title, description, type: "error", timeout: 0, priority: "high" });
}

/** The place of toasts, once in the frame. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={manager}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-3 bottom-3 flex w-[min(360px,calc(100vw-24px))] flex-col gap-2">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={classNames(
        OVERLAY,
        "flex items-start gap-2 border-l-4 p-2 pl-3",
        toast.type === "error" ? "border-danger" : "border-accent",
      )}
    >
      <div className="min-w-0 flex-1 py-0.5 wrap-anywhere">
        <Toast.Title className="font-medium text-base" />
        <Toast.Description className="text-ink-muted" />
      </div>
      <Toast.Action className="h-7 rounded px-2 text-accent hover:bg-hover" />
      <Toast.Close render={<IconButton label="Close" icon={<X size={14} aria-hidden />} />} />
    </Toast.Root>
  ));
}
