/* Makes a commit after which our writer writes a checkpoint of the table. */
import { openDeltaTable } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { tell } from "../delta-data/sides.ts";

const [dir = ""] = process.argv.slice(2);
const objects = fsObjectStore({ dir, exactNames: true });
const table = openDeltaTable({ objects, name: "t", checkpointInterval: 1 });
const begun = performance.now();
await table.setProperties({ comment: "with a checkpoint" });
await table.close();
tell((performance.now() - begun) / 1000);
