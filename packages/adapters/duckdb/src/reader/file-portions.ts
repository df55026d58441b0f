/** What is brought to this machine at a time of a table that is kept elsewhere. */
export const portionBytes = 256 * 1024 * 1024;

/**
 * Files in their order, in portions of at most `portionBytes` or one file. The first is one file alone, so that whoever wants a few rows waits for no more.
 */
export function* filePortions<File extends { readonly size: number }>(
  files: readonly File[],
): Generator<readonly File[]> {
  let portion: File[] = [];
  let bytes = 0;
  let isFirst = true;
  for (const file of files) {
    if (portion.length > 0 && (isFirst || bytes + file.size > portionBytes)) {
      yield portion;
      isFirst = false;
      portion = [];
      bytes = 0;
    }
    portion.push(file);
    bytes += file.size;
  }
  // None at all is a portion too: a table without rows is read as any other.
  if (portion.length > 0 || files.length === 0) yield portion;
}
