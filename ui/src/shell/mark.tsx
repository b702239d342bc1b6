/** Trackflare's logo. */
export function Mark() {
  return (
    <svg
      viewBox="0 0 24 24"
      width={20}
      height={20}
      fill="none"
      stroke="currentColor"
      strokeWidth={2.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      className="text-accent"
    >
      <path d="M3 4v15a2 2 0 0 0 2 2h16" />
      <path d="M7 8c2 6 4 8 13 8.5" />
    </svg>
  );
}
