import { access, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { findProgram, run } from "./find-program.ts";
import type { PlanContext, Service } from "./service.ts";

const version = "v1.8.0";
const bucket = "ecap-test";
const accessKey = "ecap-test";
/** Opens a server on loopback and nothing else. */
const secretKey = "ecap-secret-for-tests";
const region = "us-east-1";

/** versitygw over a folder. Why this one: docs/decisions/0007-s3-server-for-tests.md */
export const s3: Service = {
  name: "s3",
  async plan(context) {
    const command = await obtainServer(context);
    const port = await context.port("s3", 17_070);
    const root = join(context.dir, "data");
    const metadata = join(context.dir, "metadata");
    await mkdir(join(root, bucket), { recursive: true });
    await mkdir(metadata, { recursive: true });
    return {
      processes: [
        {
          name: "s3",
          command,
          args: [
            `--port=127.0.0.1:${port}`,
            `--region=${region}`,
            "--quiet",
            "--keep-alive",
            "posix",
            `--sidecar=${metadata}`,
            root,
          ],
          env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
          dir: context.dir,
          ready: { kind: "http", port },
        },
      ],
      env: {
        ECAP_TEST_S3_ENDPOINT: `http://127.0.0.1:${port}`,
        ECAP_TEST_S3_ACCESS_KEY: accessKey,
        ECAP_TEST_S3_SECRET_KEY: secretKey,
        ECAP_TEST_S3_REGION: region,
        ECAP_TEST_S3_BUCKET: bucket,
      },
    };
  },
};

/** Built once from the Go module proxy. */
async function obtainServer({ cacheDir, say }: PlanContext): Promise<string> {
  const dir = join(cacheDir, `versitygw-${version}`);
  const program = join(dir, "versitygw");
  if (
    await access(program).then(
      () => true,
      () => false,
    )
  )
    return program;
  const go = await findProgram("go", "golang", ["/usr/local/go/bin"]);
  say("s3: building versitygw, about two minutes");
  const building = `${dir}.${process.pid}`;
  await mkdir(building, { recursive: true });
  try {
    await run(go, ["install", `github.com/versity/versitygw/cmd/versitygw@${version}`], {
      cwd: building,
      env: { GOBIN: building },
    });
    await rename(building, dir);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return program;
}
