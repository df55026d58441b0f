import { EcapError, uuidv7 } from "@ecap/sdk";
import type { Actor, CaseContext } from "./case-context.ts";
import { touchCase, writeEvent } from "./case-desk.ts";

/** A body of the API has at most 1 MiB, and a file in it comes as base64. */
export const maxFileBytes = 716_800;
export const maxFiles = 50;

/** Kinds of files by how they begin, so that nothing is kept under a wrong name; texts have no sign, but must be UTF-8. */
const signs = {
  "image/png": [0x89, 0x50, 0x4e, 0x47],
  "image/jpeg": [0xff, 0xd8, 0xff],
  "image/webp": [0x52, 0x49, 0x46, 0x46],
  "application/pdf": [0x25, 0x50, 0x44, 0x46, 0x2d],
  "text/plain": [],
  "text/csv": [],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export const mediaTypes = Object.keys(signs) as ReadonlyArray<keyof typeof signs>;
export type MediaType = (typeof mediaTypes)[number];

export interface NewFile {
  readonly name: string;
  readonly mediaType: MediaType;
  /** base64. */
  readonly content: string;
}

/** Keeps a file with a case: the bytes first, so that whoever finds it named finds it whole. */
export async function addFile(
  context: CaseContext,
  actor: Actor,
  number: number,
  file: NewFile,
): Promise<void> {
  const bytes = bytesOf(file);
  const { tenant, by } = actor;
  const now = context.clock.now();
  const id = uuidv7(now);
  const key = fileKey(tenant, id);
  const db = await context.open();
  const objects = context.objects();
  await objects.put(key, bytes);
  try {
    await db.transaction().execute(async (trx) => {
      await touchCase(trx, tenant, number, now);
      const { count } = await trx
        .selectFrom("case_files")
        .select((eb) => eb.fn.countAll<string>().as("count"))
        .where("tenant", "=", tenant)
        .where("case_number", "=", number)
        .executeTakeFirstOrThrow();
      if (Number(count) >= maxFiles)
        throw new EcapError("ECAP_CONFLICT", `a case has at most ${maxFiles} files`);
      await trx
        .insertInto("case_files")
        .values({
          tenant,
          case_number: number,
          id,
          name: file.name,
          media_type: file.mediaType,
          bytes: bytes.length,
          added_by: by,
          added_at: new Date(now),
        })
        .execute();
      const details = { file: file.name, bytes: bytes.length };
      await writeEvent(trx, actor, { number, action: "file", details, now });
    });
  } catch (error) {
    await objects.delete(key).catch(() => {});
    throw error;
  }
  await context.audit({
    tenant,
    actor: by,
    action: "case.file",
    target: `fraud/cases/${number}`,
    details: { file: id, bytes: bytes.length },
  });
}

/** The file as an answer that a browser saves and never shows in place. */
export async function readFile(
  context: CaseContext,
  tenant: string,
  { number, id }: { readonly number: number; readonly id: string },
): Promise<Response> {
  const db = await context.open();
  const row = await db
    .selectFrom("case_files")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("case_number", "=", number)
    .where("id", "=", id)
    .executeTakeFirst();
  const bytes = row && (await context.objects().get(fileKey(tenant, row.id)));
  if (row === undefined || bytes === undefined)
    throw new EcapError("ECAP_NOT_FOUND", `case ${number} has no such file`);
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: {
      "content-type": row.media_type,
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(row.name)}`,
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
    },
  });
}

/** Where a file's bytes are in the object store. */
export function fileKey(tenant: string, id: string): string {
  return `fraud-cases/${encodeURIComponent(tenant).replaceAll(".", "%2E")}/${id}`;
}

function bytesOf({ content, mediaType }: NewFile): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(content)) throw invalidFile("expected base64");
  const bytes = Buffer.from(content, "base64");
  if (bytes.length === 0) throw invalidFile("the file is empty");
  if (bytes.length > maxFileBytes)
    throw invalidFile(`a file has at most ${maxFileBytes.toLocaleString("en")} bytes`);
  const sign = signs[mediaType];
  const isText = sign.length === 0;
  if (isText ? !isUtf8(bytes) : sign.some((byte, i) => bytes[i] !== byte))
    throw invalidFile(`the file is no ${mediaType}`);
  return bytes;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(bytes).includes("\0");
  } catch {
    return false;
  }
}

function invalidFile(message: string): EcapError {
  return new EcapError("ECAP_REQUEST_INVALID", `content: ${message}`, { path: "/content" });
}
