import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { memory } from "@ecap/sdk/memory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fraud } from "../../src/index.ts";
import { openGeoDatabases } from "../../src/signals/geo-databases.ts";
import { paymentSignals } from "../../src/signals/payment-signals.ts";

const folder = fileURLToPath(new URL("../../../../../shared/data/geoip_test/", import.meta.url));
const city = join(folder, "GeoIP2-City-Test.mmdb");
const anonymous = join(folder, "GeoIP2-Anonymous-IP-Test.mmdb");

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-geo-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe.skipIf(!existsSync(city))("GeoIP databases (in ../shared/data)", () => {
  test("say where an address is and whether it hides somebody", async () => {
    const read = paymentSignals({ geo: await openGeoDatabases({ city, anonymous }) });
    const of = (ip: string, billingCountry: string) =>
      read({ id: "p", amount: 1, ip, billingCountry }, []);
    const london = of("81.2.69.142", "GB");
    expect(london.texts).toMatchObject({ "ip.country": "GB", "ip.network": "tor" });
    expect(london.numbers).toMatchObject({ ip_billing_mismatch: 0, ip_anonymous: 1 });
    expect(london.numbers["ip_latitude"]).toBeCloseTo(51.5, 0);
    const sweden = of("89.160.20.112", "DE");
    expect(sweden.texts).toEqual({ "ip.country": "SE" });
    expect(sweden.numbers).toMatchObject({ ip_billing_mismatch: 1, ip_anonymous: 0 });
    expect(of("2001:218::1", "JP").texts["ip.country"]).toBe("JP");
    const nowhere = of("127.0.0.1", "DE");
    expect(nowhere.numbers["ip_latitude"]).toBeUndefined();
    expect(nowhere.missing).toContain("ip.country: address not in the database");
  });

  test("decide through the platform", async () => {
    const platform = await createPlatform({
      adapters: memory(),
      plugins: [commerce(), fraud({ model: "none", geoip: { city } })],
    });
    await platform.start();
    try {
      const payment = { id: "p", amount: 20, customerId: "ann", ip: "81.2.69.142" };
      const decision = await platform
        .service(fraud)
        .assess({ ...payment, email: "ann@mailinator.com" });
      expect(decision.facts["ip.country"]).toBe("GB");
      expect(decision.features["email_disposable"]).toBe(1);
      expect(decision.missing).toContain("ip.network: no database");
    } finally {
      await platform.stop();
    }
  });
});

test.each([
  ["absent", undefined],
  ["no database", "no database at all"],
  ["empty", ""],
])("a file that is %s keeps the plugin from starting, and is named", async (_, content) => {
  const path = join(dir, `${String(content).length}.mmdb`);
  if (content !== undefined) await writeFile(path, content);
  const platform = await createPlatform({
    adapters: memory(),
    plugins: [commerce(), fraud({ model: "none", geoip: { city: path } })],
  });
  await expect(platform.start()).rejects.toThrow(/geoip\.city: the database cannot be read/);
  await platform.stop();
});
