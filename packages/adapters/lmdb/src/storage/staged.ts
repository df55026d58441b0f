/** For a write of a transaction whose failure is heard of elsewhere: LMDB rejects the promise of each of them. */
export function staged(write: Promise<boolean>): void {
  write.catch(() => {});
}
