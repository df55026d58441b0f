import { defineLakeTable } from "../../lake/lake-table.ts";
import { channelOf, isInternalPage } from "../channel.ts";
import { readInstant } from "../instant.ts";
import { actorCells, actorColumns, channelCell, countryOf, id, text } from "./cells.ts";

const topic = "user-events";
const campaignColumns = [
  { name: "campaign", type: "string" },
  { name: "source", type: "string" },
  { name: "medium", type: "string" },
  { name: "referrer", type: "string" },
] as const;

/** Sessions begin with the event that says so; a session's orders and pages carry its id. */
export const sessionsTable = defineLakeTable({
  name: "sessions",
  description: "Sessions of visitors, one row as each begins",
  columns: [
    { name: "landing_page", type: "string" },
    { name: "channel", type: "string" },
    ...campaignColumns,
    { name: "device_type", type: "string" },
    { name: "country", type: "string" },
    ...actorColumns,
  ],
  from: [{ topic, types: ["session.started"] }],
  rows(event) {
    const { data, context } = event;
    const actor = actorCells(event);
    return [
      {
        landing_page: text(data["landing_page"]) ?? context.page?.path ?? null,
        channel: channelCell(event),
        campaign: text(context.campaign?.name),
        source: text(context.campaign?.source),
        medium: text(context.campaign?.medium),
        referrer: text(data["referrer"]) ?? text(context.page?.referrer),
        device_type: text(data["device_type"]),
        country: countryOf(event),
        ...actor,
        session_id: id(data["session_id"]) ?? actor.session_id,
      },
    ];
  },
});

/** Touches for attribution: page and screen views that tell of a channel; pages reached from within the shop are none. */
export const touchpointsTable = defineLakeTable({
  name: "touchpoints",
  description:
    "Visits by a channel: page and screen views that carry a campaign, another site's referrer, or none",
  columns: [
    { name: "channel", type: "string", nullable: false },
    ...campaignColumns,
    { name: "country", type: "string" },
    ...actorColumns,
  ],
  from: [{ topic, types: ["page.viewed", "screen.viewed"] }],
  rows(event) {
    const { context } = event;
    const channel = isInternalPage(context) ? undefined : channelOf(context);
    if (channel === undefined) return [];
    return [
      {
        channel,
        campaign: text(context.campaign?.name),
        source: text(context.campaign?.source),
        medium: text(context.campaign?.medium),
        referrer: text(context.page?.referrer),
        country: countryOf(event),
        ...actorCells(event),
      },
    ];
  },
});

/** Behaviour on products, for funnels and recommendations. */
export const productEventsTable = defineLakeTable({
  name: "product_events",
  description: "Products viewed, clicked, put into and taken out of carts and wishlists",
  columns: [
    {
      name: "action",
      type: "string",
      nullable: false,
      description: "The event type, as in product.viewed",
    },
    { name: "product_id", type: "string" },
    { name: "category", type: "string" },
    { name: "country", type: "string" },
    ...actorColumns,
  ],
  from: [
    {
      topic,
      types: [
        "product.viewed",
        "product.clicked",
        "product.added",
        "product.removed",
        "wishlist.product_added",
        "wishlist.product_removed",
        "wishlist.product_added_to_cart",
      ],
    },
  ],
  rows: (event) => [
    {
      action: event.type,
      product_id: id(event.data["product_id"]) ?? id(event.data["sku"]),
      category: text(event.data["category"]),
      country: countryOf(event),
      ...actorCells(event),
    },
  ],
});

/** What customers said of themselves, each time they did; the newest row of a customer counts. */
export const customersTable = defineLakeTable({
  name: "customers",
  description: "What became known of customers, each time it did",
  columns: [
    { name: "email", type: "string" },
    { name: "name", type: "string" },
    { name: "phone", type: "string" },
    { name: "country", type: "string" },
    { name: "city", type: "string" },
    { name: "created_at", type: "timestamp" },
    ...actorColumns,
  ],
  from: [{ topic, types: ["customer.identified"] }],
  rows(event) {
    const { data } = event;
    const first = text(data["first_name"]) ?? text(data["firstName"]);
    const last = text(data["last_name"]) ?? text(data["lastName"]);
    const full = [first, last].filter((part) => part !== null).join(" ");
    return [
      {
        email: text(data["email"]),
        name: text(data["name"]) ?? text(full),
        phone: text(data["phone"]),
        country: countryOf(event),
        city: text(data["city"]) ?? event.context.geo?.city ?? null,
        created_at: readInstant(data["created_at"] ?? data["createdAt"]) ?? null,
        ...actorCells(event),
      },
    ];
  },
});
