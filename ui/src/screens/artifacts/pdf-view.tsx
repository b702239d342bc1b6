import { getDocument, type PDFDocumentProxy, PDFWorker } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { useEffect, useRef, useState } from "react";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Note } from "./note.tsx";

const PAGE_PX = 900;

interface ScriptPolicy {
  createScriptURL(url: string): string;
}

interface TrustedTypesWindow {
  trustedTypes?: { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy };
}

const RULES: ScriptPolicy = {
  createScriptURL: (url) => {
    if (url !== workerUrl) throw new TypeError("Not the worker of the PDF viewer.");
    return url;
  },
};

/**
 * The page's policy accepts a worker's address only from a policy of Trusted Types. This policy allows a single
 * address.
 */
const POLICY = (window as TrustedTypesWindow).trustedTypes?.createPolicy("trackflare-pdf", RULES) ?? RULES;

/** Opens a PDF in a worker of its own, because a shared worker may be ending with the previous file. */
function openPdf(url: string): { document: Promise<PDFDocumentProxy>; close: () => void } {
  const port = new Worker(POLICY.createScriptURL(workerUrl), { type: "module" });
  const worker = PDFWorker.create({ port });
  const task = getDocument({ url, worker, disableAutoFetch: true, enableXfa: false });
  const close = async (): Promise<void> => {
    await task.destroy();
    worker.destroy();
    port.terminate();
  };
  return { document: task.promise, close: () => void close() };
}

/** A PDF, drawn page by page as the reader comes to it. */
export default function PdfView({ url, name }: { url: string; name: string }) {
  const [document, setDocument] = useState<PDFDocumentProxy>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const opened = openPdf(url);
    setDocument(undefined);
    setError(undefined);
    let isCurrent = true;
    opened.document.then(
      (next) => isCurrent && setDocument(next),
      (failure: unknown) => isCurrent && setError(failure),
    );
    return () => {
      isCurrent = false;
      opened.close();
    };
  }, [url]);
  if (error !== undefined) return <ErrorState title="The PDF could not be shown" error={error} />;
  if (document === undefined) return <SkeletonRows rows={10} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <span className="text-ink-muted text-sm">
          {document.numPages} {document.numPages === 1 ? "page" : "pages"}
        </span>
      </Note>
      <section
        aria-label={name}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto bg-surface p-3 -outline-offset-2"
      >
        {Array.from({ length: document.numPages }, (_, index) => index + 1).map((number) => (
          <PdfPage key={number} document={document} number={number} />
        ))}
      </section>
    </div>
  );
}

/** A page that is near the visible area is drawn. Other pages release their pixels, because a thousand pages would fill the memory. */
function PdfPage({ document, number }: { document: PDFDocumentProxy; number: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (canvas.current === null) return;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      // The margin applies only within the scrolling element.
      root: canvas.current.closest("section"),
      rootMargin: "600px",
    });
    observer.observe(canvas.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const target = canvas.current;
    if (!isNear || target === null) return;
    let isCurrent = true;
    let cancel = (): void => {};
    void document.getPage(number).then((page) => {
      if (!isCurrent) return;
      const natural = page.getViewport({ scale: 1 });
      const viewport = page.getViewport({ scale: (PAGE_PX / natural.width) * Math.min(2, devicePixelRatio) });
      target.width = viewport.width;
      target.height = viewport.height;
      // The page keeps its place without its pixels.
      target.style.aspectRatio = `${viewport.width} / ${viewport.height}`;
      const task = page.render({ canvas: target, viewport });
      cancel = () => task.cancel();
      task.promise.catch(() => undefined);
    });
    return () => {
      isCurrent = false;
      cancel();
      target.width = 0;
      target.height = 0;
    };
  }, [document, number, isNear]);
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={`Page ${number}`}
      className="mx-auto mb-3 block aspect-[1/1.41] w-full max-w-[900px] border border-line bg-[#fff]"
    />
  );
}
