import { defineConfig } from "vitest/config";

const source = ["@ecap/source"];
const tests = (suffix: string) => [`{packages,apps,scripts}/**/test/**/*.${suffix}.test.ts`];

/** Sets ECAP_TEST_… to the services that run here. */
const setupFiles = ["scripts/services/test-env.ts"];

/** Servers, browsers and killed processes on a busy machine: in CI a failure must happen twice; both are told. */
const retry = process.env["CI"] === "true" ? 1 : 0;

export default defineConfig({
  // Tests read workspace packages from src, so no build is needed first.
  ssr: { resolve: { conditions: source, externalConditions: source } },
  test: {
    restoreMocks: true,
    // No test measures time; the limits only end what hangs, also on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Without isolation a worker loads each module once, not once a file: a third of the time of unit and contract tests.
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{packages,apps,scripts}/**/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.{contract,services,e2e,slow}.test.ts"],
          isolate: false,
        },
      },
      // Contract suites on memory and embedded adapters: npm alone is enough.
      {
        extends: true,
        test: { name: "contract", include: tests("contract"), isolate: false, retry },
      },
      // The same suites and more on real Kafka, Redis, PostgreSQL, S3 (npm run services -- up).
      {
        extends: true,
        test: {
          name: "services",
          include: tests("services"),
          setupFiles,
          testTimeout: 120_000,
          retry,
        },
      },
      { extends: true, test: { name: "e2e", include: tests("e2e"), testTimeout: 120_000, retry } },
      {
        extends: true,
        test: { name: "slow", include: tests("slow"), setupFiles, testTimeout: 600_000, retry },
      },
    ],
  },
});
