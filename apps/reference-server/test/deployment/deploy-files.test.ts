import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { serverRoles } from "../../src/config/roles.ts";

const deploy = join(import.meta.dirname, "../../deploy");
const read = (name: string) => readFileSync(join(deploy, name), "utf8");

interface ComposeService {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck?: {
    readonly test: readonly string[];
    readonly interval: string;
    readonly retries: number;
  };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly deploy?: { readonly replicas: number };
  readonly restart?: string;
}

const text = read("docker-compose.yaml");
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { environment }]) => environment["ECAP_ROLES"] !== undefined);

/** What a service may say. @see https://github.com/compose-spec/compose-spec/blob/main/05-services.md */
const serviceKeys = [
  "image",
  "build",
  "restart",
  "stop_grace_period",
  "healthcheck",
  "depends_on",
  "environment",
  "ports",
  "volumes",
  "deploy",
  "command",
  "entrypoint",
];

describe("docker-compose.yaml", () => {
  it("says of its services what the format knows", () => {
    for (const [, service] of services) {
      expect(serviceKeys).toEqual(expect.arrayContaining(Object.keys(service)));
      for (const value of Object.values(service.environment)) expect(typeof value).toBe("string");
    }
  });

  it("has the services and every role, workers twice", () => {
    expect(services.map(([name]) => name).toSorted()).toEqual([
      "api",
      "kafka",
      "postgres",
      "redis",
      "s3",
      "sink",
      "worker",
    ]);
    expect(ours.map(([, { environment }]) => environment["ECAP_ROLES"])).toEqual([...serverRoles]);
    expect(compose.services["worker"]?.deploy?.replicas).toBe(2);
  });

  it("pins images and checks the health of each service", () => {
    for (const [name, { image, healthcheck, restart }] of services) {
      expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.]+)?$/);
      expect(healthcheck?.test[0], name).toBe("CMD");
      expect(healthcheck?.interval, name).toMatch(/^\d+s$/);
      expect(healthcheck?.retries, name).toBeGreaterThan(0);
      expect(restart, name).toBe("unless-stopped");
    }
  });

  it("begins our processes when the services are healthy, which exist", () => {
    for (const [, { depends_on: awaited = {} }] of ours) {
      expect(Object.keys(awaited).toSorted()).toEqual(["kafka", "postgres", "redis", "s3"]);
      for (const { condition } of Object.values(awaited)) expect(condition).toBe("service_healthy");
    }
  });

  it("keeps the data of services in volumes, and shows nothing but the API, to this machine", () => {
    for (const [name, { volumes = [], ports = [] }] of services) {
      const named = volumes.map((volume) => volume.split(":")[0] ?? "");
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(named));
      if (!ours.some(([own]) => own === name)) expect(volumes).toHaveLength(1);
      for (const port of ports)
        expect([name, port]).toEqual(["api", expect.stringMatching(/^127\.0\.0\.1:/)]);
    }
  });

  it("takes every secret from outside, without a default", () => {
    const used = [...text.matchAll(/\$\{(\w+)([^}]*)\}/g)].map(([, name = "", rest = ""]) => ({
      name,
      rest,
    }));
    const secrets = used.filter(({ name }) => /PASSWORD|SECRET|ACCESS_KEY/.test(name));
    expect(new Set(secrets.map(({ name }) => name)).size).toBe(6);
    for (const { name, rest } of secrets) expect(rest, name).toMatch(/^:\?/);
    const literal = services.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(
        ([name, value]) =>
          /PASSWORD|SECRET|ACCESS_KEY|_AUTH/.test(name) && !/^\$\{\w+:\?[^}]*\}$/.test(value),
      ),
    );
    expect(literal).toEqual([]);
    const example = read(".env.example")
      .split("\n")
      .filter((line) => /^\w+=/.test(line));
    const given = new Map(
      example.map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]),
    );
    expect([...given.keys()].toSorted()).toEqual(
      [...new Set(used.map(({ name }) => name))].toSorted(),
    );
    for (const { name } of secrets) expect(given.get(name)).toBe("");
  });

  it("sets variables that the configuration reads", () => {
    const config = readFileSync(join(deploy, "../examples/services.config.ts"), "utf8");
    const known = new Set([...config.matchAll(/ECAP_[A-Z0-9_]+/g)].map(([name]) => name));
    for (const other of ["ECAP_ROLES", "ECAP_ADMIN_PASSWORD"]) known.add(other);
    const [, { environment } = { environment: {} }] = ours[0] ?? [];
    expect([...known]).toEqual(expect.arrayContaining(Object.keys(environment)));
  });
});

describe("the Dockerfile", () => {
  const lines = read("Dockerfile").split("\n");

  it("pins its base, runs as an ordinary user, and holds no secret", () => {
    const bases = lines.filter((line) => line.startsWith("FROM "));
    for (const base of bases)
      expect(base).toMatch(/^FROM node:20\.\d+\.\d+-bookworm-slim( AS \w+)?$/);
    expect(lines.findLastIndex((line) => line === "USER node")).toBeGreaterThan(
      lines.lastIndexOf(bases.at(-1) ?? ""),
    );
    expect(lines.some((line) => line.startsWith("HEALTHCHECK "))).toBe(true);
    expect(lines.join("\n")).not.toMatch(/PASSWORD|SECRET|_KEY/);
    for (const ignored of ["**/node_modules", "**/.env", ".git"]) {
      expect(read("Dockerfile.dockerignore").split("\n")).toContain(ignored);
    }
  });

  it("names files that are there", () => {
    const named = [...lines.join("\n").matchAll(/\/ecap\/(apps\/[\w./-]+)/g)].map(
      ([, path = ""]) => path,
    );
    expect(named.length).toBeGreaterThan(1);
    for (const path of named)
      expect(readFileSync(join(deploy, "../../..", path), "utf8")).not.toBe("");
  });
});
