import { useEffect, useRef, useState } from "react";
import type { Answer, Question } from "./matters.ts";
import workerUrl from "./matters-worker.ts?worker&url";

interface ScriptPolicy {
  createScriptURL(url: string): string;
}

const RULES: ScriptPolicy = {
  createScriptURL: (url) => {
    if (url !== workerUrl) throw new TypeError("Not the worker that reckons what matters.");
    return url;
  },
};

/** The page's policy takes the address of a worker only from a policy of Trusted Types: this one knows a single address. */
const POLICY =
  (
    window as { trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy } }
  ).trustedTypes?.createPolicy("trackflare-matters", RULES) ?? RULES;

export interface Matters {
  /** Undefined during the computation, and if there are too few runs. */
  readonly answer: Answer | undefined;
  readonly isReckoning: boolean;
  readonly error: string | undefined;
}

/** Importance and correlation, computed by a worker. The answer to an earlier question is dropped. */
export function useMatters(question: Question): Matters {
  const worker = useRef<Worker>(undefined);
  const asked = useRef(0);
  const [state, setState] = useState<Matters>({ answer: undefined, isReckoning: true, error: undefined });
  useEffect(() => {
    const made = new Worker(POLICY.createScriptURL(workerUrl), { type: "module" });
    worker.current = made;
    made.onmessage = ({ data }: MessageEvent<{ id: number; answer: Answer | undefined }>) => {
      if (data.id === asked.current) setState({ answer: data.answer, isReckoning: false, error: undefined });
    };
    made.onerror = (event) =>
      setState({ answer: undefined, isReckoning: false, error: event.message || "The worker could not be started." });
    return () => made.terminate();
  }, []);
  useEffect(() => {
    setState((old) => ({ ...old, isReckoning: true }));
    worker.current?.postMessage({ id: ++asked.current, question });
  }, [question]);
  return state;
}
