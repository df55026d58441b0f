/** Holds a place while its content is on its way. */
export function Skeleton() {
  return (
    <div className="skeleton">
      <span className="visually-hidden">Loading…</span>
    </div>
  );
}
