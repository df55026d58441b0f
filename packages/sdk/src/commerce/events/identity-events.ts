import { z } from "zod";
import type { EventEntry } from "../event-entry.ts";
import { flag, identifier, instant, text } from "../fields.ts";

const behaviour = { topic: "user-events" } as const;
const page = {
  name: text,
  category: text,
  url: text,
  path: text,
  title: text,
  referrer: text,
  search: text,
};

/** Who the visitors are and where they are: Segment's identify, page, screen, group and alias calls. */
export const identityEvents = {
  "customer.identified": {
    ...behaviour,
    description:
      "A visitor became known, or something became known of a customer. `data` is the traits.",
    aliases: ["identify", "$identify", "Customer Identified"],
    schema: z.looseObject({
      email: text,
      name: text,
      first_name: text,
      last_name: text,
      firstName: text,
      lastName: text,
      phone: text,
      country: text,
      city: text,
      birthday: instant,
      created_at: instant,
      createdAt: instant,
      marketing_consent: flag,
    }),
  },
  "page.viewed": {
    ...behaviour,
    description: "A visitor viewed a page.",
    aliases: ["page", "$pageview", "Page Viewed"],
    schema: z.looseObject({ ...page, keywords: z.array(z.string()).nullish() }),
  },
  "screen.viewed": {
    ...behaviour,
    description: "A visitor viewed a screen of an app.",
    aliases: ["screen", "$screen", "Screen Viewed"],
    schema: z.looseObject(page),
  },
  "group.joined": {
    ...behaviour,
    description: "A customer belongs to a group, such as a company. `data` is the group's traits.",
    aliases: ["group", "$groupidentify", "Group Joined"],
    schema: z.looseObject({
      group_id: identifier,
      groupId: identifier,
      name: text,
      industry: text,
    }),
  },
  "identity.aliased": {
    ...behaviour,
    description: "Two ids are of one person.",
    aliases: ["alias", "$create_alias", "Identity Aliased"],
    schema: z.looseObject({ previous_id: identifier, previousId: identifier, alias: identifier }),
  },
  "session.started": {
    ...behaviour,
    description: "A visitor came, after thirty minutes without an event or for the first time.",
    aliases: ["Session Started", "session_start"],
    schema: z.looseObject({
      session_id: identifier,
      landing_page: text,
      referrer: text,
      channel: text,
      device_type: text,
      country: text,
    }),
    subject: "session_id",
    identity: ["session_id"],
  },
} as const satisfies Record<string, EventEntry>;
