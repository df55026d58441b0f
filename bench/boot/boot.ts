import { spawn } from "node:child_process";
import { inTemporaryDir, memoryMb, root, sleep, startServer } from "../processes.ts";
import type { Report } from "../report.ts";

const rounds = 5;

const program = `
const begun = performance.now();
const { createPlatform } = await import("@ecap/sdk");
const { memory } = await import("@ecap/sdk/memory");
const { fraud } = await import("@ecap/plugin-fraud");
const platform = await createPlatform({ adapters: memory(), plugins: [fraud({ model: "none" })] });
console.log(performance.now() - begun);
await platform.stop();
`;
const peer = `
const begun = performance.now();
await import("zod");
console.log(performance.now() - begun);
`;

/** How long a program waits for the kernel and one plugin, and a platform team for a server with ninety days of data. */
export async function boot(): Promise<Report> {
  return inTemporaryDir(async (dir) => {
    const imports: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      imports.push(await printedBy(program));
      bare.push(await printedBy(peer));
    }
    const first = await startServer(dir, ["--demo"]);
    const events = await historyIn(first.url, first.token);
    const peak = memoryMb(first.pid, "VmHWM");
    const settled = memoryMb(first.pid);
    await first.stop();
    const ready: number[] = [];
    let again = 0;
    for (let round = 0; round < rounds; round += 1) {
      const server = await startServer(dir, ["--demo"]);
      ready.push(server.readyMs);
      await sleep(3_000);
      again = memoryMb(server.pid);
      await server.stop();
    }
    return {
      name: "boot",
      about: `${rounds} fresh processes each; the server has ${events.toLocaleString("en")} events of a simulated shop; peer: importing zod alone`,
      figures: [
        {
          measure: "sdk and one plugin in memory",
          unit: "ms",
          better: "lower",
          ours: imports,
          peer: bare,
          target: { value: 150 },
        },
        {
          measure: "server to /readyz",
          unit: "ms",
          better: "lower",
          ours: ready,
          target: { value: 5_000 },
        },
      ],
      memory: {
        "server after making its history": settled,
        "at its peak": peak,
        "server started again": again,
      },
    };
  });
}

/** The number a program prints, run by a Node.js of its own. */
async function printedBy(source: string): Promise<number> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await new Promise((resolve) => {
    child.once("close", resolve);
  });
  return Number(printed);
}

/** Waits until the demo's history stands in the lake; resolves how many events it has. */
async function historyIn(url: string, token: string): Promise<number> {
  let last = -1;
  for (;;) {
    await sleep(5_000);
    const count = await countEvents(url, token);
    if (count > 300_000 && count - last < 5_000) return count;
    last = count;
  }
}

async function countEvents(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/v1/query`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      sql: "select (select count(*) from bronze_user_events) + (select count(*) from bronze_transactions) as events",
    }),
  });
  const { rows } = (await response.json()) as { rows?: ReadonlyArray<{ events: number | string }> };
  return Number(rows?.[0]?.events ?? 0);
}
