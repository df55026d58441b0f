import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SecretStore } from "../ports/secret-store.ts";

export interface SecretStoreFixture {
  readonly store: SecretStore;
  /** Changes a secret from outside, as its operator does. */
  change(name: string, value: string): Promise<void>;
  /** Why secrets cannot change while the process runs, where they cannot. */
  readonly neverChanges?: string;
  close?(): Promise<void>;
}

/** What every SecretStore promises. `make` gives a store without the secrets of the suite (CONTRACT_A, CONTRACT_B), once for the whole suite. */
export function secretStoreContract(name: string, make: () => Promise<SecretStoreFixture>): void {
  describe(`SecretStore contract: ${name}`, () => {
    let fixture: SecretStoreFixture;
    beforeAll(async () => {
      fixture = await make();
    });
    afterAll(async () => fixture.close?.());

    it("gives undefined for a secret that is not there", async () => {
      for (const absent of [
        "CONTRACT_ABSENT",
        "__proto__",
        "constructor",
        "../../etc/passwd",
        "",
      ]) {
        expect(await fixture.store.get(absent)).toBeUndefined();
      }
    });

    it("gives a secret as it is, with its spaces and line breaks", async () => {
      await fixture.change("CONTRACT_A", "pa ss\nwörd=1 ");
      await vi.waitFor(async () =>
        expect(await fixture.store.get("CONTRACT_A")).toBe("pa ss\nwörd=1 "),
      );
    });

    it("calls back when a watched secret changes, until it is told to stop", async (test) => {
      if (fixture.neverChanges) test.skip(fixture.neverChanges);
      const seen: Array<string | undefined> = [];
      const stop = fixture.store.watch("CONTRACT_B", (value) => seen.push(value));
      await fixture.change("CONTRACT_B", "one");
      await vi.waitFor(() => expect(seen.at(-1)).toBe("one"), 5_000);
      await fixture.change("CONTRACT_B", "two");
      await vi.waitFor(() => expect(seen.at(-1)).toBe("two"), 5_000);
      stop();
      const before = seen.length;
      await fixture.change("CONTRACT_B", "three");
      await vi.waitFor(async () => expect(await fixture.store.get("CONTRACT_B")).toBe("three"));
      expect(seen).toHaveLength(before);
    });

    it("keeps what is set, where it can set", async () => {
      const { store } = fixture;
      if (!store.set) return;
      await store.set("CONTRACT_A", "set");
      expect(await store.get("CONTRACT_A")).toBe("set");
      await Promise.all(
        ["x", "y", "z"].map(async (value) => store.set?.(`CONTRACT_${value}`, value)),
      );
      expect(await store.get("CONTRACT_y")).toBe("y");
      expect(await store.get("CONTRACT_A")).toBe("set");
    });
  });
}
