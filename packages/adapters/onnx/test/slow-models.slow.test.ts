import { describe, expect, it } from "vitest";
import { onnxModelRuntime } from "../src/index.ts";
import { counting, heavy, linear } from "./onnx-models.ts";

/** The longest time in which nothing else could run while the work went on, in milliseconds. */
async function longestPause(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await work;
  clearInterval(timer);
  return longest;
}

describe("a model that takes a second", () => {
  it.each([
    ["by a loop", counting(400_000)],
    ["by large matrices", heavy(1_000, 40)],
  ])(
    "%s, never holds the calling thread: neither while it is loaded nor while it scores",
    async (_name, bytes) => {
      const runtime = onnxModelRuntime();
      let model: Awaited<ReturnType<typeof runtime.load>> | undefined;
      const loading = runtime.load(bytes).then((loaded) => {
        model = loaded;
      });
      const whileLoading = await longestPause(loading);
      expect(model?.rowMs).toBeGreaterThan(100);
      const begun = performance.now();
      const scoring = model?.score([1]) ?? Promise.reject(new Error("not loaded"));
      const whileScoring = await longestPause(scoring);
      const took = performance.now() - begun;
      expect(whileLoading).toBeLessThan((model?.rowMs ?? 0) / 2);
      expect(whileScoring).toBeLessThan(took / 2);
      await model?.close();
    },
    60_000,
  );

  it("is refused where it takes longer than it may, and the next model is tried as ever", async () => {
    const runtime = onnxModelRuntime({ tryMs: 300 });
    await expect(runtime.load(counting(20_000_000))).rejects.toMatchObject({
      code: "ECAP_MODEL_INVALID",
      message: expect.stringContaining("within 300 ms"),
    });
    const model = await onnxModelRuntime().load(linear());
    expect((await model.score([3, 4])).scores[0]).toBeCloseTo(2.5, 5);
    await model.close();
  }, 60_000);
});
