import type { KeyValue } from "../../api/wire.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Dialog } from "../../parts/dialog.tsx";

/** A parameter whose value has no place in a line. */
export default function ValueDialog({ pair, onClose }: { pair: KeyValue; onClose: () => void }) {
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={pair.key}
      width="medium"
      footer={<CopyButton text={pair.value} label="Copy the value" />}
    >
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
        className="max-h-[50vh] overflow-auto whitespace-pre-wrap font-mono text-sm wrap-anywhere"
      >
        {pair.value}
      </pre>
    </Dialog>
  );
}
