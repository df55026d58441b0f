import { embedded } from "@ecap/adapter-embedded";
import { bi } from "@ecap/plugin-bi";
import { customer } from "@ecap/plugin-customer";
import { fraud } from "@ecap/plugin-fraud";
import { governance } from "@ecap/plugin-governance";
import { commerce } from "@ecap/sdk/commerce";
import { defineConfig } from "./define-config.ts";

/** Everything, embedded in one process: what runs where there is no `ecap.config.ts`. */
export const defaultConfig = defineConfig({
  adapters: (dir) => embedded({ dir }),
  plugins: [commerce(), bi(), customer(), fraud(), governance()],
});
