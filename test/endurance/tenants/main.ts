/**
 * `npm run bench:tenants`: one tenant streams as it should while another abuses the gateway at full speed, in one process
 * with the default limits. Printed is how much longer the first one's acks take; it must lose nothing. Locally all
 * tenants share one process and one core; where the gateway is deployed each room is on its own, and it is milder there.
 */
import { parseTenantsOptions } from "./tenants-command.ts";
import { benchTenants } from "./tenants-run.ts";
import { runCommand } from "../../../scripts/cli/run-command.ts";

await runCommand(parseTenantsOptions, benchTenants);
