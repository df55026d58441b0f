import { redisStateStore } from "@ecap/adapter-redis";
import { decideOnce } from "./decision-windows.ts";
const store = redisStateStore({ url: "redis://127.0.0.1:16379", keyPrefix: "ecap-test/bench/" });
await store.get(["x"]);
const c = store.client as any;
const run = async (n: number, from: number, par: number) => {
  await c.config("RESETSTAT");
  const t = performance.now(); const cpu = process.cpuUsage();
  let i = from; const lat: number[] = [];
  await Promise.all(Array.from({ length: par }, async () => { while (i < from + n) { const b = performance.now(); await decideOnce(store, i++); lat.push(performance.now() - b); } }));
  const ms = performance.now() - t; lat.sort((a, b) => a - b);
  const u = process.cpuUsage(cpu);
  console.log(par, "decisions/s", Math.round(n / ms * 1000), "p50", lat[n >> 1].toFixed(3), "p99", lat[Math.floor(n * .99)].toFixed(3), "client cpu us/decision", Math.round((u.user + u.system) / n));
  console.log((await c.info("commandstats")).split("\n").filter((l: string) => /evalsha|cmdstat_(hmget|hset|zadd|zlexcount|zrem|pexpire|hget|zrange)/.test(l)).join("\n"));
};
await run(2000, 0, 1); await run(10000, 2000, 1); await run(10000, 12000, 8); await run(20000, 12000+10000, 8);
console.log((await c.info("memory")).match(/used_memory_human:\S+/)[0], await c.dbsize());
await store.close();
