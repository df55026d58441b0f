import { fsObjectStore } from "@ecap/adapter-fs";

const [dir = "", racer = ""] = process.argv.slice(2);
const store = fsObjectStore({ dir });
const won: number[] = [];
for (let i = 0; i < 60; i++) {
  const body = new TextEncoder().encode(`racer ${racer}`);
  if (await store.putIfAbsent(`process-race/${i}`, body)) won.push(i);
}
process.send?.(won);
