export interface WakeUp {
  wake(): void;
  /** Resolves after a wake that came since the last wait. */
  wait(): Promise<void>;
}

export function wakeUp(): WakeUp {
  let woken = false;
  let resume: (() => void) | undefined;
  return {
    wake() {
      woken = true;
      resume?.();
    },
    async wait() {
      if (!woken) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
        resume = undefined;
      }
      woken = false;
    },
  };
}
