/** A tenant's webhook secrets, for whoever runs its receiver. Made from the deployment's: nothing is stored. */
import { Failure } from "../../schemas/lib/failure.ts";
import { tenantSecrets } from "../../server/shared/config/tenant-secrets.ts";
import { webhookVariables } from "../../server/shared/config/webhooks.ts";

/** Prints one a line, in the order of WEBHOOK_SECRET: a receiver takes what any of them signed. */
export async function printWebhookSecrets(tenant: string, env: NodeJS.ProcessEnv): Promise<void> {
  const secrets = webhookVariables.WEBHOOK_SECRET.safeParse(env["WEBHOOK_SECRET"]);
  if (!secrets.success) throw new Failure(`WEBHOOK_SECRET: ${secrets.error.issues[0]?.message ?? "is wrong"}.`);
  if (!secrets.data) throw new Failure("Set WEBHOOK_SECRET to the deployment's: the tenant's is made from it.");
  for (const secret of await tenantSecrets(secrets.data, tenant)) console.log(secret);
  console.error(
    `This signs the webhooks of tenant ${tenant} and of nobody else. It is a secret, as WEBHOOK_SECRET is.`,
  );
}
