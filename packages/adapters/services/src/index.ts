export { type ServicesOptions, services } from "./services.ts";
