import type { EventContext } from "../events/envelope.ts";

/** Marketing channels, after GA4's default channel groups, coarser. */
export const channels = [
  "direct",
  "organic_search",
  "paid_search",
  "paid_social",
  "social",
  "email",
  "affiliate",
  "display",
  "referral",
  "other",
] as const;
export type Channel = (typeof channels)[number];

const searchSites =
  /(^|\.)(google|bing|duckduckgo|yahoo|ecosia|baidu|yandex|qwant|startpage|naver)(\.|$)/;
const socialSites =
  /(^|\.)(facebook|instagram|fb|twitter|x|t|linkedin|lnkd|pinterest|pin|reddit|tiktok|youtube|snapchat|threads|mastodon|bsky)(\.|$)/;
const paidMedium = /^(.*cp.*|ppc|retargeting|paid.*)$/;

/**
 * The channel a visit came by, or undefined where the event tells of none: a page reached from within the shop, or an event without page and
 * campaign, as a server sends it. The first of these that holds:
 *
 * 1. a campaign's medium is affiliate, email, display (display, banner, expandable, interstitial, cpm) or social;
 * 2. a paid medium (cpc, ppc, paid…) from a search site is paid search, from a social site paid social, from another display;
 * 3. medium organic, or a source or referrer that is a search site, is organic search; a social site is social;
 * 4. medium referral or link, or another site as referrer, is referral; any other campaign is other;
 * 5. a page without referrer is direct.
 *
 * @see https://support.google.com/analytics/answer/9756891
 */
export function channelOf(context: EventContext): Channel | undefined {
  const { campaign, page } = context;
  if (campaign !== undefined) {
    const channel = ofCampaign(lower(campaign.medium), lower(campaign.source));
    if (channel !== undefined) return channel;
    if (campaign.name != null) return "other";
  }
  if (page === undefined) return undefined;
  const referrer = hostOf(page.referrer);
  if (referrer === "")
    return page.url === undefined && page.path === undefined ? undefined : "direct";
  if (referrer === hostOf(page.url)) return undefined;
  return ofSite(referrer) ?? "referral";
}

/** Whether the page was reached from within its own site: then it is no new visit, whatever campaign the session carries. */
export function isInternalPage({ page }: EventContext): boolean {
  const referrer = hostOf(page?.referrer);
  return referrer !== "" && referrer === hostOf(page?.url);
}

function ofCampaign(medium: string, source: string): Channel | undefined {
  if (medium === "" && source === "") return undefined;
  if (medium === "affiliate" || medium === "affiliates") return "affiliate";
  if (/^e[-_ ]?mail$/.test(medium) || /^e[-_ ]?mail$/.test(source)) return "email";
  if (/^(display|banner|expandable|interstitial|cpm)$/.test(medium)) return "display";
  if (/^(social|social-network|social-media|sm|social network|social media)$/.test(medium))
    return "social";
  const site = siteKind(source);
  if (paidMedium.test(medium))
    return site === "search" ? "paid_search" : site === "social" ? "paid_social" : "display";
  if (medium === "organic") return "organic_search";
  if (medium === "(none)" || source === "(direct)") return "direct";
  if (site !== undefined) return ofSite(source);
  return /^(referral|app|link)$/.test(medium) ? "referral" : "other";
}

function ofSite(site: string): Channel | undefined {
  const kind = siteKind(site);
  if (kind === "search") return "organic_search";
  return kind === "social" ? "social" : undefined;
}

function siteKind(site: string): "search" | "social" | undefined {
  if (searchSites.test(site)) return "search";
  return socialSites.test(site) ? "social" : undefined;
}

function lower(value: unknown): string {
  return typeof value === "string" ? value.trim().toLowerCase() : "";
}

/** The host of an address without its www, or "". Parsing a whole URL costs ten times as much. */
function hostOf(url: string | undefined): string {
  const host =
    typeof url === "string"
      ? /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(url)?.[1]
      : undefined;
  return host === undefined ? "" : host.toLowerCase().replace(/^www\./, "");
}
