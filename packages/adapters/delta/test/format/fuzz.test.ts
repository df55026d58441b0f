import { isEcapError } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeDeletionVector } from "../../src/format/deletion-vector.ts";
import { parseStatistics } from "../../src/format/file-statistics.ts";
import { parseCommit } from "../../src/format/parse-actions.ts";
import { parsed } from "../../src/format/parsed.ts";
import { parseSchema } from "../../src/format/schema.ts";

/** Runs it, and lets nothing through but an error of the platform. */
function onlyEcapErrors(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!isEcapError(error)) throw error;
  }
}

const protocol = { minReaderVersion: 2, minWriterVersion: 5 };
const words = fc.constantFrom(
  ..."add remove metaData protocol txn cdc sidecar domainMetadata deletionVector".split(" "),
  ..."path size stats version name type fields metadata string struct array map".split(" "),
  ..."elementType keyType valueType decimal(10,2) % %zz __proto__".split(" "),
  ..."delta.typeChanges delta.columnMapping.id".split(" "),
);
/** JSON whose keys and texts are often words of the protocol. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    words,
    fc.jsonValue(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(words, tie("value"), { maxKeys: 6 }),
  ),
})).value;

describe("whatever a log holds, nothing but an error of the platform comes out of", () => {
  it("a commit of any bytes (fuzz)", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        onlyEcapErrors(() => parsed("a commit", () => parseCommit(bytes)));
      }),
    );
  });

  it("a commit of any JSON (fuzz)", () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 4 }), (lines) => {
        const bytes = Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n"));
        onlyEcapErrors(() => parsed("a commit", () => parseCommit(bytes)));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["none", "name", "id"])("a schema, columns mapped by %s (fuzz)", (mode) => {
    const schema = fc.oneof(
      json.map((value) => JSON.stringify(value)),
      fc.array(json, { maxLength: 4 }).map((fields) => JSON.stringify({ type: "struct", fields })),
      fc.string(),
    );
    const configuration = { "delta.columnMapping.mode": mode };
    fc.assert(
      fc.property(schema, (schemaString) => {
        const metaData = { id: "t", schemaString, partitionColumns: [], configuration };
        onlyEcapErrors(() => parseSchema({ protocol, metaData }));
      }),
      { numRuns: 2_000 },
    );
  });

  it("a schema nested past all measure", () => {
    const depth = 50_000;
    const type = `${'{"type":"array","elementType":'.repeat(depth)}"string"${"}".repeat(depth)}`;
    const schemaString = `{"type":"struct","fields":[{"name":"a","type":${type}}]}`;
    const metaData = { id: "t", schemaString, partitionColumns: [], configuration: {} };
    expect(() => parseSchema({ protocol, metaData })).toThrow(
      expect.objectContaining({ code: "ECAP_TABLE_CORRUPT" }),
    );
  });

  it("a deletion vector (fuzz)", () => {
    const magic = [0xd1, 0xd3, 0x39, 0x64];
    const bytes = fc.uint8Array({ maxLength: 120 });
    fc.assert(
      fc.property(bytes, fc.boolean(), fc.nat(60), (tail, isFramed, cardinality) => {
        const body = Uint8Array.from([...magic, ...tail]);
        const size = Uint8Array.from([0, 0, 0, body.length]);
        const range = isFramed ? Uint8Array.from([...size, ...body, 0, 0, 0, 0]) : body;
        const vector = { storageType: "u", pathOrInlineDv: "", cardinality } as const;
        const sized = { ...vector, sizeInBytes: body.length };
        onlyEcapErrors(() => parsed("it", () => decodeDeletionVector(sized, range)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("an inline deletion vector (fuzz)", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (pathOrInlineDv) => {
        const vector = { storageType: "i", pathOrInlineDv, sizeInBytes: 40 } as const;
        onlyEcapErrors(() =>
          parsed("it", () => decodeDeletionVector({ ...vector, cardinality: 1 })),
        );
      }),
    );
  });

  it("statistics, which only help (fuzz)", () => {
    const columns = [{ name: "path", type: "string" }] as const;
    fc.assert(
      fc.property(
        fc.oneof(
          json.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (stats) => {
          parseStatistics(stats, columns);
        },
      ),
    );
  });
});
