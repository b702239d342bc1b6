import type { ReactNode } from "react";

interface SectionProps {
  title: string;
  /** Buttons at the right of the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A section of a page of text. */
export function Section({ title, actions, children }: SectionProps) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-2">
      <div className="flex min-h-7 flex-wrap items-center gap-2">
        <h2 className="mr-auto text-lg">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

interface LineProps {
  title: ReactNode;
  /** Less important text, below the title. */
  about?: ReactNode;
  /** At the right; below on a phone. */
  children?: ReactNode;
}

/** A line of a short list: a thing, and the actions on it. */
export function Line({ title, about, children }: LineProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2 last:border-b-0">
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-medium wrap-anywhere">{title}</p>
        {about !== undefined && <p className="text-ink-muted text-sm wrap-anywhere">{about}</p>}
      </div>
      {children}
    </li>
  );
}

/** A page of sections, as wide as text is read. */
export function TextPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="mx-auto flex w-full max-w-[760px] flex-col gap-8 px-3 py-4 wide:px-4">
      <h1 className="text-xl">{title}</h1>
      {children}
    </div>
  );
}
