import { CopyButton } from "./copy-button.tsx";

/** Lines to paste. `label` names the button that copies them: `Copy the lines for Python`. */
export function CodeLines({ text, label }: { text: string; label: string }) {
  return (
    <div className="relative min-w-0 rounded border border-line bg-surface text-left text-ink">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, also by keys */}
      <pre tabIndex={0} className="overflow-x-auto p-3 pr-10 font-mono text-sm">
        {text}
      </pre>
      <span className="absolute top-1 right-1 rounded bg-surface">
        <CopyButton text={text} label={label} />
      </span>
    </div>
  );
}
