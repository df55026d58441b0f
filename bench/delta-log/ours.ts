/* Opens a table until the list of its files is there. */
import { deltaTableReader } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { stopwatch } from "../delta-data/sides.ts";

const [dir = "", expected] = process.argv.slice(2);
const watch = stopwatch();
const table = deltaTableReader({ objects: fsObjectStore({ dir, exactNames: true }), name: "t" });
const { files } = await watch.time(() => table.snapshot());
await table.close();
if (files.length !== Number(expected)) throw new Error(`${files.length} files`);
watch.tell();
