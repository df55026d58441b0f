import { describe, expect, it } from "vitest";
import { createDoor } from "../../src/ingest/door.ts";

const post = (body: RequestInit["body"], headers: Record<string, string> = {}): Request =>
  new Request("http://door", { method: "POST", body, headers, duplex: "half" });
const sized = (size: number): Request =>
  post(new Uint8Array(size), { "content-length": String(size) });

/** A body that arrives as it is told. */
function slowBody(headers: Record<string, string> = {}) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  return {
    request: post(stream, headers),
    send: (size: number) => controller?.enqueue(new Uint8Array(size)),
    end: () => controller?.close(),
    fail: () => controller?.error(new Error("the sender is gone")),
  };
}

const overloaded = { code: "ECAP_OVERLOADED", status: 429, retryable: true };

describe("the door for events", () => {
  it("takes bodies in as far as there is room, and has room again when they are released", async () => {
    const door = createDoor({ maxBytes: 1_000 });
    const first = await door.receive(sized(600));
    expect(first.bytes).toHaveLength(600);
    await expect(door.receive(sized(401))).rejects.toMatchObject(overloaded);
    const second = await door.receive(sized(400));
    first.release();
    first.release();
    await expect(door.receive(sized(601))).rejects.toMatchObject(overloaded);
    (await door.receive(sized(600))).release();
    second.release();
    (await door.receive(sized(1_000))).release();
  });

  it("counts of a large body only what has arrived, whatever it announces", async () => {
    const door = createDoor({ maxBytes: 500_000 });
    const announced = Array.from({ length: 20 }, () => slowBody({ "content-length": "400000" }));
    const waiting = announced.map(({ request }) => door.receive(request));
    (await door.receive(sized(50_000))).release();
    announced[0]?.send(400_000);
    announced[0]?.end();
    const whole = await waiting[0];
    expect(whole?.bytes).toHaveLength(400_000);
    announced[1]?.send(200_000);
    await expect(waiting[1]).rejects.toMatchObject(overloaded);
    whole?.release();
    for (const { fail } of announced.slice(2)) fail();
    for (const each of waiting.slice(2)) await expect(each).rejects.toThrow("the sender is gone");
    // Nothing is left of those that failed.
    const [again] = [slowBody()];
    const received = door.receive(again.request);
    again.send(250_000);
    again.send(250_000);
    again.end();
    expect((await received).bytes).toHaveLength(500_000);
  });

  it("refuses one body that is too large, announced or not", async () => {
    const door = createDoor({ maxBodyBytes: 100_000 });
    const refused = { code: "ECAP_BATCH_TOO_LARGE", status: 413 };
    await expect(
      door.receive(slowBody({ "content-length": "100001" }).request),
    ).rejects.toMatchObject(refused);
    const unannounced = slowBody();
    const received = door.receive(unannounced.request);
    unannounced.send(60_000);
    unannounced.send(60_000);
    await expect(received).rejects.toMatchObject(refused);
  });

  it("lets in no more requests at a time than it may", async () => {
    const door = createDoor({ maxRequests: 2 });
    const ends: Array<() => void> = [];
    const enter = () => door.enter(() => new Promise<void>((resolve) => ends.push(resolve)));
    const inside = [enter(), enter()];
    await expect(enter()).rejects.toMatchObject(overloaded);
    ends[0]?.();
    await inside[0];
    inside.push(enter());
    await expect(door.enter(() => Promise.reject(new Error("no")))).rejects.toMatchObject(
      overloaded,
    );
    for (const end of ends) end();
    await Promise.all(inside);
    await expect(door.enter(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await door.enter(async () => "in")).toBe("in");
  });
});
