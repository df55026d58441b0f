import { formatMoney } from "../../format/numbers.ts";
import { formatTimeNear } from "../../format/times.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import type { LiveOrder } from "./live-entry.ts";

export function OrderList({ orders }: { readonly orders: readonly LiveOrder[] }) {
  if (orders.length === 0)
    return (
      <EmptyState title="No orders yet">
        They appear here the moment they come in. Try <code>ecap simulate</code>.
      </EmptyState>
    );
  return (
    <ul className="feed" tabIndex={0} aria-label="Latest orders">
      {orders.map(({ id, time, order, total, items, country }) => (
        <li key={id} className="feed-item">
          <div className="feed-main">
            <span className="feed-title">{order}</span>
            <span className="feed-amount">
              {total === undefined ? "–" : formatMoney(total.amount, total.currency)}
            </span>
          </div>
          <div className="feed-sub">
            <span>
              {items} {items === 1 ? "item" : "items"}
              {country !== undefined && ` · ${country}`}
            </span>
            <time dateTime={new Date(time).toISOString()}>{formatTimeNear(time, Date.now())}</time>
          </div>
        </li>
      ))}
    </ul>
  );
}
