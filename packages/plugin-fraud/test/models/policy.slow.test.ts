import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { treesModelTrainer } from "@ecap/adapter-trees";
import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fraud, steadyFeatureNames } from "../../src/index.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-policy-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tenant = "default";

function made<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not there");
  return value;
}

const ann = { tenant, by: "ann" };

/** A model that was taught that payments of more than a hundred are frauds; or was shown no amounts, and so knows nothing. */
async function modelOf(name: string, { showsAmounts }: { readonly showsAmounts: boolean }) {
  const rows = 1_000;
  const amounts = Float32Array.from({ length: rows }, (_, i) => 5 + ((i * 37) % 200));
  const zeros = Object.fromEntries(
    steadyFeatureNames.map((feature) => [feature, new Float32Array(rows)]),
  );
  const label = Uint8Array.from(amounts, (amount) => (amount > 100 ? 1 : 0));
  const columns = { ...zeros, ...(showsAmounts && { amount: amounts }), label };
  const { bytes } = await treesModelTrainer().train([{ rows, columns }], {
    name,
    version: "1",
    algorithm: { kind: "boosted", trees: 10, depth: 1 },
    features: steadyFeatureNames,
    label: "label",
  });
  return bytes;
}

test("a challenger that tells frauds better on enough labelled payments is promoted by the policy, and not before", async () => {
  const platform = await createPlatform({
    adapters: embedded({ dir }),
    plugins: [
      commerce(),
      fraud({
        modelTimeoutMs: 5_000,
        model: new Uint8Array(await modelOf("ignorant", { showsAmounts: false })),
      }),
    ],
  });
  // Without the jobs: that of the policy would now and then be there first.
  await platform.start(["topologies", "sinks"]);
  try {
    const service = platform.service(fraud);
    const { desk, book, monitor } = service.models;
    const job = made(
      service.models.jobs(service.engine).find(({ name }) => name === "fraud-model-policy"),
    );
    const run = () => job.run({ signal: new AbortController().signal });
    const bytes = await modelOf("amounts", { showsAmounts: true });
    const { version } = await desk.register(ann, { bytes });
    await desk.move(ann, version, "challenge");
    await desk.setPolicy(ann, { labels: 100, frauds: 10, gain: 0.05 });
    const pay = async (i: number) => {
      const isFraud = i % 4 === 0;
      const { models = [] } = await service.assess({
        id: `p${i}`,
        amount: isFraud !== (i % 13 === 0) ? 150 : 20,
        customerId: `c${i}`,
        cardId: `k${i}`,
      });
      const data = { payment_id: `p${i}`, fraud: isFraud, source: "test" };
      await platform.emit({ type: "label.recorded", tenant, source: "test", data });
      return models;
    };
    expect(await pay(0)).toMatchObject([
      { role: "champion" },
      { model: `amounts/${version}`, role: "challenger" },
    ]);
    for (let i = 1; i < 60; i += 1) await pay(i);
    await service.flush();
    await platform.drain();
    expect(await run()).toEqual({ promoted: 0 });
    for (let i = 60; i < 130; i += 1) await pay(i);
    await service.flush();
    await platform.drain();
    expect(await run()).toEqual({ promoted: 1 });
    const head = await desk.head(tenant);
    expect(head).toMatchObject({
      champion: version,
    });
    expect(head.changes[0]).toMatchObject({ action: "promote", by: "policy" });
    expect(head.changes[0]?.why).toMatch(/labelled payments/);
    expect(book.keys()).toEqual([tenant]);

    const { contract } = await desk.version(tenant, version);
    const now = Date.now();
    const seen = await monitor.report({
      tenant,
      version,
      contract,
      from: now - 3_600_000,
      to: now + 1,
    });
    expect(seen.asked).toBe(130);
    expect(service.models.served()).toMatchObject([{ name: "amounts", answers: { failed: 0 } }]);
  } finally {
    await platform.stop();
  }
}, 60_000);
