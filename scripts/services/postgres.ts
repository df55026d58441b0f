import { createHash } from "node:crypto";
import { chown, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { findProgram, run } from "./find-program.ts";
import type { ProcessPlan, Service } from "./service.ts";

const debianDir = "/usr/lib/postgresql";

/** A cluster of its own, owned by the user `ecap` who needs no password on loopback. */
export const postgres: Service = {
  name: "postgres",
  async plan({ dir: wanted, port }) {
    const initdb = await findProgram("initdb", "postgresql", await debianBins());
    const user = await serverUser();
    const dir = await ownedDir(wanted, user);
    const data = join(dir, "data");
    const chosen = await port("postgres", 15_432);
    const as = user ? { user } : {};
    if (!(await readFile(join(data, "PG_VERSION")).catch(() => undefined))) {
      await rm(data, { recursive: true, force: true });
      await run(initdb, ["-D", data, "-U", "ecap", "--auth=trust"], { cwd: dir, ...as });
    }
    const process: ProcessPlan = {
      name: "postgres",
      command: join(initdb, "..", "postgres"),
      args: [
        "-D",
        data,
        `--port=${chosen}`,
        "--unix_socket_directories=",
        "--listen_addresses=127.0.0.1",
        "--max_connections=200",
      ],
      dir,
      ...as,
      // SIGTERM would wait for clients to leave.
      stopSignal: "SIGINT",
      ready: { kind: "postgres", port: chosen },
    };
    return {
      processes: [process],
      env: { ECAP_TEST_POSTGRES_URL: `postgres://ecap@127.0.0.1:${chosen}/postgres` },
    };
  },
};

/** Debian keeps the server's programs out of PATH, by version; the newest first. */
async function debianBins(): Promise<string[]> {
  const versions = await readdir(debianDir).catch(() => []);
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(debianDir, version, "bin"));
}

type User = NonNullable<ProcessPlan["user"]>;

/** The server refuses to run as root. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return { uid: await nobody("-u"), gid: await nobody("-g") };
}

const nobody = async (flag: "-u" | "-g") => Number(await run("id", [flag, "nobody"]));

/** The folder where the user can reach it, else one in the machine's temporary folder. */
async function ownedDir(wanted: string, user: User | undefined): Promise<string> {
  await mkdir(wanted, { recursive: true });
  if (!user) return wanted;
  const reach = await run("test", ["-x", wanted], { user }).catch(() => undefined);
  const key = createHash("sha256").update(wanted).digest("hex").slice(0, 8);
  const dir = reach === undefined ? join(tmpdir(), `ecap-${basename(wanted)}-${key}`) : wanted;
  await mkdir(dir, { recursive: true });
  if ((await stat(dir)).uid !== user.uid) await chown(dir, user.uid, user.gid);
  return dir;
}
