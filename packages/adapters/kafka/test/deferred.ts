/** A promise and what resolves it (Promise.withResolvers, which Node 20 lacks). */
export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const parts: { resolve?: () => void } = {};
  const promise = new Promise<void>((resolve) => {
    parts.resolve = resolve;
  });
  return { promise, resolve: () => parts.resolve?.() };
}
