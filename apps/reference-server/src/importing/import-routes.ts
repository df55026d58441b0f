import type { Platform } from "@ecap/sdk";
import { EcapError } from "@ecap/sdk";
import { type Collector, readBody } from "@ecap/sdk/collector";
import { authorise } from "../auth/authenticator.ts";
import type { App } from "../server/app.ts";
import type { ImportLedger } from "./import-ledger.ts";

const limits = { maxCompressedBytes: 16 << 20, maxBytes: 64 << 20 };

/**
 * How the command line brings files in: begin, send batches, end. Every batch of one import is checked against what its source brought before, so that a
 * file can be sent again at any time.
 */
export function mountImports(
  app: App,
  {
    platform,
    collector,
    imports,
  }: { platform: Platform; collector: Collector; imports: ImportLedger },
): void {
  const open = new Map<string, (id: string) => boolean>();

  app.post("/v1/imports/:name/begin", async (c) => {
    const principal = c.get("principal");
    authorise(principal, "admin");
    const name = importName(c.req.param("name"));
    open.set(`${principal.tenant}/${name}`, await imports.open(principal.tenant, `import/${name}`));
    return c.json({ name });
  });

  app.post("/v1/imports/:name/events", async (c) => {
    const principal = c.get("principal");
    authorise(principal, "admin");
    const name = importName(c.req.param("name"));
    const known = open.get(`${principal.tenant}/${name}`);
    if (known === undefined)
      throw new EcapError("ECAP_CONFLICT", `the import "${name}" has not begun`);
    const bytes = await readBody(new Uint8Array(await c.req.arrayBuffer()), limits);
    const receipts = await collector.collect({
      bytes,
      tenant: principal.tenant,
      source: `import/${name}`,
      dialect: "ecap",
      known,
    });
    return c.json({ receipts });
  });

  app.post("/v1/imports/:name/end", async (c) => {
    const principal = c.get("principal");
    authorise(principal, "admin");
    const name = importName(c.req.param("name"));
    open.delete(`${principal.tenant}/${name}`);
    await platform.drain();
    return c.json({ name });
  });
}

function importName(name: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name))
    throw new EcapError(
      "ECAP_REQUEST_INVALID",
      "an import is named by letters, digits, dots and dashes",
      { path: "/name" },
    );
  return name;
}
