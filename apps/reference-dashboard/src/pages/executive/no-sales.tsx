import { EmptyState } from "../../ui/empty-state.tsx";

/** For a panel of a period in which nothing was sold. */
export function NoSales() {
  return (
    <EmptyState title="No orders in this period">
      Pick another period, or <a href="#/executive?period=all">show all time</a>. A shop without any
      orders yet can send events or run <code>ecap import</code>.
    </EmptyState>
  );
}
