import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 150;

/**
 * The text of an input. The address takes it when typing pauses. A new address (the back button) replaces the text.
 * `const [text, setText] = useAddressText(search.q, (q) => navigate({ search: … q … , replace: true }))`
 */
export function useAddressText(
  inAddress: string | undefined,
  write: (text: string | undefined) => void,
): [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(inAddress ?? "");
  const written = useRef(inAddress ?? "");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    if ((inAddress ?? "") === written.current) return;
    written.current = inAddress ?? "";
    setText(written.current);
  }, [inAddress]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string): void => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      written.current = next;
      write(next === "" ? undefined : next);
    }, PAUSE_MS);
  };
  return [text, change];
}
