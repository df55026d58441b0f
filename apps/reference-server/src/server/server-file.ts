import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How other processes of the same user find the running server. */
export interface ServerFile {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}

export function writeServerFile(dir: string, file: ServerFile): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(pathOf(dir), JSON.stringify(file), { mode: 0o600 });
}

/** Removes the file of this process; that of another one stays. */
export function removeServerFile(dir: string): void {
  if (readServerFile(dir)?.pid === process.pid) rmSync(pathOf(dir), { force: true });
}

/** The server that runs on this data directory; undefined where none does, also where one died without a word. */
export function readServerFile(dir: string): ServerFile | undefined {
  if (!existsSync(pathOf(dir))) return undefined;
  try {
    const file = JSON.parse(readFileSync(pathOf(dir), "utf8")) as ServerFile;
    process.kill(file.pid, 0);
    return file;
  } catch {
    return undefined;
  }
}

function pathOf(dir: string): string {
  return join(dir, "server.json");
}
