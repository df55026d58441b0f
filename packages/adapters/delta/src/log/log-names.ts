/** What a file of the log is, by its name. */
export type LogFile =
  | { readonly kind: "commit"; readonly version: number }
  | {
      readonly kind: "checkpoint";
      readonly version: number;
      /** Files of one set make one checkpoint together: all parts, or the one named by a UUID. */
      readonly set: string;
      readonly parts: number;
      readonly format: "parquet" | "json";
      /** Whether only the V2 form may have such a name. */
      readonly isV2: boolean;
    };
export type CheckpointFile = Extract<LogFile, { readonly kind: "checkpoint" }>;

const padded = (version: number) => String(version).padStart(20, "0");

export const commitName = (version: number) => `${padded(version)}.json`;
export const checkpointName = (version: number) => `${padded(version)}.checkpoint.parquet`;
export const lastCheckpointName = "_last_checkpoint";
export const sidecarFolder = "_sidecars/";
/** A name before every file of the version and after every file of those before. */
export const beforeVersion = (version: number) => `${padded(version)}.`;

const uuid = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
const names = new RegExp(
  `^(?<version>\\d{20})\\.(?:(?<commit>json)|checkpoint\\.(?:(?:(?<part>\\d{10})\\.(?<parts>\\d{10})\\.)?parquet|(?<uuid>${uuid})\\.(?<format>parquet|json)))$`,
);

/** Undefined for files that a reader may pass over: checksums, compacted logs, and what is not of the log. */
export function parseLogName(name: string): LogFile | undefined {
  const found = names.exec(name)?.groups;
  const version = Number(found?.["version"]);
  if (!found || !Number.isSafeInteger(version)) return undefined;
  if (found["commit"]) return { kind: "commit", version };
  const id = found["uuid"];
  const [part, parts] = [Number(found["part"] ?? 1), Number(found["parts"] ?? 1)];
  if (part < 1 || part > parts) return undefined;
  return {
    kind: "checkpoint",
    version,
    set: id ?? found["parts"] ?? "",
    parts,
    format: found["format"] === "json" ? "json" : "parquet",
    isV2: id !== undefined,
  };
}
