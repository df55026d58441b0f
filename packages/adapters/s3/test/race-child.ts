import { s3ObjectStore } from "@ecap/adapter-s3";
import { testBucket } from "./test-bucket.ts";

const [prefix = "", count = "0", body = ""] = process.argv.slice(2);
const store = s3ObjectStore(testBucket({ prefix }));
const won: number[] = [];
for (let i = 0; i < Number(count); i++) {
  if (await store.putIfAbsent(`race/${i}`, new TextEncoder().encode(body))) won.push(i);
}
await store.close();
process.send?.(won);
