import type { StateStore } from "../ports/state-store.ts";
import type { PartitionMemory } from "./batch-plan.ts";
import { type OpenWindow, type WindowProgress, windowName } from "./window-table.ts";

const decoder = new TextDecoder();

/** What a topology stored of a partition, as it was at its last commit. */
export async function loadMemory(stateStore: StateStore, prefix: string): Promise<PartitionMemory> {
  const [stored] = await stateStore.get([`${prefix}progress`]);
  const windows = new Map<string, OpenWindow>();
  for await (const { value } of stateStore.scan(`${prefix}w/`)) {
    const window: OpenWindow = JSON.parse(decoder.decode(value));
    windows.set(windowName(window), window);
  }
  const none: WindowProgress = { newest: null, late: 0 };
  const progress: WindowProgress = stored ? JSON.parse(decoder.decode(stored.value)) : none;
  return { windows, progress };
}
