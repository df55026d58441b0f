/** What a file of the log is, by its name. */
export type LogFile =
  | { readonly kind: "commit"; readonly version: number }
  | {
      readonly kind: "checkpoint";
      readonly version: number;
      readonly part: number;
      readonly parts: number;
    }
  | { readonly kind: "v2-checkpoint"; readonly version: number };

const padded = (version: number) => String(version).padStart(20, "0");

export const commitName = (version: number) => `${padded(version)}.json`;
export const checkpointName = (version: number) => `${padded(version)}.checkpoint.parquet`;
export const lastCheckpointName = "_last_checkpoint";
/** A name before every file of the version and after every file of those before. */
export const beforeVersion = (version: number) => `${padded(version)}.`;

export function parseLogName(name: string): LogFile | undefined {
  const match =
    /^(\d{20})\.(?:(json)|checkpoint(?:\.(\d{10})\.(\d{10}))?(\.[0-9a-f-]{36})?\.(?:parquet|json))$/.exec(
      name,
    );
  if (!match) return undefined;
  const version = Number(match[1]);
  if (match[2]) return { kind: "commit", version };
  if (match[5]) return { kind: "v2-checkpoint", version };
  return { kind: "checkpoint", version, part: Number(match[3] ?? 1), parts: Number(match[4] ?? 1) };
}
