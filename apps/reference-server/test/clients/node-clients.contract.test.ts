import { startTestServer } from "../support/test-server.ts";
import { realClients } from "./real-clients.ts";

realClients("embedded", () => startTestServer());
