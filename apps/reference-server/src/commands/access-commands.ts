import { EcapError } from "@ecap/sdk";
import { roles } from "@ecap/sdk/http";
import { type Command, Option } from "commander";
import type { ApiKey } from "../auth/api-keys.ts";
import type { User } from "../auth/users.ts";
import { withApi } from "./context.ts";
import { formatTable } from "./output.ts";

const roleOption = () =>
  new Option("--role <role>", "what it may do").choices(roles).makeOptionMandatory();

/** `ecap user` and `ecap api-key`. */
export function addAccessCommands(program: Command): void {
  const keys = program.command("api-key").description("create, list and revoke API keys");
  keys
    .command("create")
    .description("create a key and print it, once")
    .addOption(roleOption())
    .requiredOption("--name <name>", "what it is for")
    .option("--tenant <tenant>", "whose data it reaches (default: the deployment's own)")
    .action((options: { role: string; name: string; tenant?: string }, command: Command) =>
      withApi(command, async (api, { output }) => {
        const created = await api.call<ApiKey & { key: string }>(
          "POST",
          "/v1/admin/api-keys",
          options,
        );
        output.note(`Keep it: it is not shown again.`);
        output.result(created, () => created.key);
      }),
    );
  keys
    .command("list")
    .description("list keys")
    .action((_options: object, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { items } = await api.call<{ items: ApiKey[] }>("GET", "/v1/admin/api-keys");
        output.result(items, () => formatTable(items.map((key) => ({ ...key }))));
      }),
    );
  keys
    .command("revoke <id>")
    .description("revoke a key")
    .action((id: string, _options: object, command: Command) =>
      withApi(command, async (api, { output }) => {
        await api.call("DELETE", `/v1/admin/api-keys/${encodeURIComponent(id)}`);
        output.result({ id, revoked: true }, () => `revoked ${id}`);
      }),
    );

  const users = program.command("user").description("create, list and disable users");
  users
    .command("create <name>")
    .description("create a user; the password is read from ECAP_PASSWORD or from stdin")
    .addOption(roleOption())
    .option("--tenant <tenant>", "whose data they see (default: the deployment's own)")
    .action((name: string, options: { role: string; tenant?: string }, command: Command) =>
      withApi(command, async (api, { output }) => {
        const password = process.env["ECAP_PASSWORD"] ?? (await readStdin());
        const created = await api.call<User>("POST", "/v1/admin/users", {
          name,
          password,
          ...options,
        });
        output.result(created, () => `created ${created.name} (${created.role})`);
      }),
    );
  users
    .command("list")
    .description("list users")
    .action((_options: object, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { items } = await api.call<{ items: User[] }>("GET", "/v1/admin/users");
        output.result(items, () => formatTable(items.map((user) => ({ ...user }))));
      }),
    );
  users
    .command("disable <name>")
    .description("refuse a user's sign-in and sessions from now on")
    .action((name: string, _options: object, command: Command) =>
      withApi(command, async (api, { output }) => {
        await api.call("DELETE", `/v1/admin/users/${encodeURIComponent(name)}`);
        output.result({ name, disabled: true }, () => `disabled ${name}`);
      }),
    );
}

async function readStdin(): Promise<string> {
  if (process.stdin.isTTY)
    throw new EcapError("ECAP_REQUEST_INVALID", "give the password in ECAP_PASSWORD or on stdin");
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text.replace(/\r?\n$/, "");
}
