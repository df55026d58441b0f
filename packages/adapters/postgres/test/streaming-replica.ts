import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Replica {
  readonly url: string;
  close(): Promise<void>;
}

/** A second server that follows the primary by streaming replication. */
export async function streamingReplica(primary: string): Promise<Replica> {
  const { hostname, port } = new URL(primary);
  const bin = newestBin();
  const user = process.getuid?.() === 0 ? { uid: id("-u"), gid: id("-g") } : undefined;
  const dir = mkdtempSync(join(tmpdir(), "ecap-replica-"));
  if (user) chownSync(dir, user.uid, user.gid);
  chmodSync(dir, 0o700);
  const data = join(dir, "data");
  const common = { cwd: dir, stdio: "ignore" as const, ...user };
  const copy = ["-h", hostname, "-p", port, "-U", "ecap", "-D", data, "-R", "-c", "fast"];
  execFileSync(join(bin, "pg_basebackup"), copy, common);
  const own = await freePort();
  const args = [
    "-D",
    data,
    `--port=${own}`,
    "--unix_socket_directories=",
    "--listen_addresses=127.0.0.1",
    "--max_connections=200",
  ];
  // A replica needs room for as many connections as its primary has.
  const server = spawn(join(bin, "postgres"), args, common);
  return {
    url: `postgres://ecap@127.0.0.1:${own}/postgres`,
    async close() {
      await ended(server);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function newestBin(): string {
  const versions = readdirSync("/usr/lib/postgresql").toSorted((a, b) => Number(b) - Number(a));
  return join("/usr/lib/postgresql", versions[0] ?? "", "bin");
}

const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"]).toString());

function ended(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve();
    server.once("exit", () => resolve());
    server.kill("SIGINT");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
