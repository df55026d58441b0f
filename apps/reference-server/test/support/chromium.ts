import { existsSync } from "node:fs";

export const chromiumPath = process.env["ECAP_CHROMIUM"] ?? "/usr/bin/chromium";

/** Why browser tests cannot run here; undefined where they can, and in CI, where a missing browser is a failure. */
export const noChromium =
  existsSync(chromiumPath) || process.env["CI"] === "true"
    ? undefined
    : `no Chromium at ${chromiumPath}; set ECAP_CHROMIUM`;

export const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
