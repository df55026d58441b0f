/* Opens a table until the list of its files is there. */
import { deltaTableReader } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { tell } from "../delta-data/sides.ts";

const [dir = "", expected] = process.argv.slice(2);
const begun = performance.now();
const table = deltaTableReader({ objects: fsObjectStore({ dir, exactNames: true }), name: "t" });
const { files } = await table.snapshot();
const seconds = (performance.now() - begun) / 1000;
await table.close();
if (files.length !== Number(expected)) throw new Error(`${files.length} files`);
tell(seconds);
