/**
 * Paths of data files: in the log URL-encoded, in actions decoded.
 * A relative one is a key below the table. An absolute one begins with `/` or a scheme and `://`; `file:` is left away, so that two spellings of a path are one.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#add-file-and-remove-file
 */
export function decodePath(path: string): string {
  const bare = /^file:/i.test(path) ? path.replace(/^file:\/*(?=\/)/i, "") : path;
  return bare.includes("%") ? decodeURIComponent(bare) : bare;
}

/** The path as the log keeps it. */
export function encodePath(path: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(path)?.[0] ?? "";
  const parts = path.slice(scheme.length).split("/");
  return scheme + parts.map((part) => encodeURIComponent(part).replaceAll("%3D", "=")).join("/");
}

export function isAbsolute(path: string): boolean {
  return /^(\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(path);
}
