/** The same mark as the tab's icon. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M8 22.5V17m5.3 5.5V12m5.4 10.5v-8M24 22.5V9" />
      </svg>
      ECAP
    </span>
  );
}
