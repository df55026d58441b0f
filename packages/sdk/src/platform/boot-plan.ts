/** What a platform is made of, in the order it was set up. */
export interface BootPlan {
  readonly sdk: string;
  readonly ports: ReadonlyArray<{ readonly port: string; readonly adapter: string }>;
  readonly plugins: readonly BootPlanPlugin[];
}

export interface BootPlanPlugin {
  readonly name: string;
  readonly version: string;
  readonly setupMs: number;
  readonly state: "ready" | "running" | "stopped" | "failed";
  readonly dependsOn: readonly string[];
  readonly requires: readonly string[];
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly topics: readonly string[];
  readonly tables: readonly string[];
  readonly topologies: ReadonlyArray<{ readonly name: string; readonly breaker: string }>;
  readonly jobs: readonly string[];
  readonly metrics: readonly string[];
  readonly models: readonly string[];
  readonly qualityRules: readonly string[];
  readonly migrations: readonly string[];
  readonly http: boolean;
  readonly personalData: ReadonlyArray<{ readonly what: string; readonly where: string }> | "none";
}

/** The plan as text for a terminal. */
export function formatBootPlan(plan: BootPlan): string {
  const lines = [`ECAP ${plan.sdk}`, "", "Ports"];
  const width = Math.max(...plan.ports.map(({ port }) => port.length), 0);
  for (const { port, adapter } of plan.ports) lines.push(`  ${port.padEnd(width)}  ${adapter}`);
  lines.push("", "Plugins, in the order they were set up");
  for (const plugin of plan.plugins) {
    lines.push(
      `  ${plugin.name} ${plugin.version}  ${plugin.state}, set up in ${plugin.setupMs.toFixed(1)} ms`,
    );
    for (const [label, items] of contributions(plugin))
      if (items.length > 0) lines.push(`    ${label.padEnd(13)} ${summary(items)}`);
  }
  return lines.join("\n");
}

function contributions(
  plugin: BootPlanPlugin,
): ReadonlyArray<readonly [string, readonly string[]]> {
  return [
    ["depends on", plugin.dependsOn],
    ["requires", plugin.requires],
    ["consumes", plugin.consumes],
    ["produces", plugin.produces],
    ["topics", plugin.topics],
    ["tables", plugin.tables],
    ["topologies", plugin.topologies.map(({ name, breaker }) => `${name} (breaker ${breaker})`)],
    ["jobs", plugin.jobs],
    ["metrics", plugin.metrics],
    ["models", plugin.models],
    ["quality rules", plugin.qualityRules],
    ["migrations", plugin.migrations],
    ["routes", plugin.http ? ["yes"] : []],
    [
      "personal data",
      plugin.personalData === "none" ? ["none"] : plugin.personalData.map(({ where }) => where),
    ],
  ];
}

function summary(items: readonly string[], most = 8): string {
  return items.length <= most
    ? items.join(", ")
    : `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
}
