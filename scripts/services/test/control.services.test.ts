import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../control.ts";

/** What Redis answers to one inline command, or why it does not. */
function ask(url: string, command: string, withinMs = 1_000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const end = (answer: string) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(withinMs, () => end("no answer"));
    socket.on("error", () => end("refused"));
    socket.on("connect", () => socket.write(`${command}\r\n`));
    socket.on("data", (bytes) => end(bytes.toString().trim().split("\r\n").at(-1) ?? ""));
  });
}

describe("services of a test's own", () => {
  let own: OwnServices;
  let url: string;
  beforeAll(async () => {
    own = await ownServices(["redis", "postgres"]);
    url = own.env["ECAP_TEST_REDIS_URL"] ?? "";
  });
  afterAll(() => own.close());

  it("says what runs and how to reach it", async () => {
    expect(Object.keys(own.env).toSorted()).toEqual([
      "ECAP_TEST_POSTGRES_URL",
      "ECAP_TEST_REDIS_URL",
    ]);
    expect(Object.fromEntries(await own.control.processes())).toEqual({
      postgres: true,
      redis: true,
    });
  });

  it("pauses and resumes: open, but silent meanwhile", async () => {
    await ask(url, "SET paused before");
    await own.control.pause("redis");
    expect(await ask(url, "GET paused")).toBe("no answer");
    await own.control.resume("redis");
    expect(await ask(url, "GET paused")).toBe("before");
  });

  it("kills and restarts on the same port and data", async () => {
    await ask(url, "SET killed before");
    await own.control.kill("redis");
    expect(await ask(url, "PING")).toBe("refused");
    expect((await own.control.processes()).get("redis")).toBe(false);
    await own.control.restart("redis");
    expect(await ask(url, "GET killed")).toBe("before");
  });

  it("kills PostgreSQL with all its processes, so that it can start again at once", async () => {
    await own.control.kill("postgres");
    await own.control.restart("postgres");
    expect((await own.control.processes()).get("postgres")).toBe(true);
  });

  it("names what there is when asked for something else", async () => {
    await expect(own.control.kill("oracle")).rejects.toThrow("there are redis, postgres");
  });
});
