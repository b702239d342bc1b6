import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./button.tsx";
import { sayFailed } from "./toast.tsx";

/** Puts `text` on the clipboard, and says so for a moment. */
export function CopyButton({ text, label = "Copy", className }: { text: string; label?: string; className?: string }) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = (): void => {
    writeClipboard(text).then(
      () => setDone(true),
      (error: unknown) => sayFailed("The text could not be copied.", error),
    );
  };
  return (
    <IconButton
      label={isDone ? "Copied" : label}
      icon={isDone ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      onClick={copy}
      className={className ?? ""}
    />
  );
}

/** Browsers give the clipboard only to https and to localhost; a plain http address on a network has none. */
async function writeClipboard(text: string): Promise<void> {
  if (!("clipboard" in navigator)) throw new Error("The browser gives the clipboard only to pages from https.");
  await navigator.clipboard.writeText(text);
}
