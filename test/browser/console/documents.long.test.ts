/** The page of one's own documents: what is added is there on every device, and a conflict is settled with both versions in sight. */
import { expect, test } from "vitest";
import { expectFit } from "../support/fit.ts";
import { isWithoutBrowser } from "../support/use-browser.ts";
import { expectClean, useConsole } from "../support/use-console.ts";

const { gateway, open } = useConsole({ env: {} });

interface Pushed {
  readonly applied: readonly { readonly id: string; readonly revision: number; readonly outcome: string }[];
  readonly changes: readonly {
    readonly title?: string;
    readonly body?: string;
    readonly id: string;
    readonly revision: number;
  }[];
}

async function push(device_id: string, changes: object[]): Promise<Pushed> {
  const init = { method: "POST", body: JSON.stringify({ device_id, since: 0, changes }) };
  const answer = await fetch(`${gateway.url}/v1/sync/knowledge`, init);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Pushed;
}

test.skipIf(isWithoutBrowser)(
  "documents are added, found by their names, and settled side by side; clean at each width in both themes",
  async () => {
    const opened = await open("#/documents");
    const { page } = opened;
    await page.getByText("There is none yet.").waitFor();
    const files = [
      { name: "Kiln.md", mimeType: "text/markdown", buffer: Buffer.from("It is fired at 1,240 degrees.") },
    ];
    await page.getByLabel("Add files").setInputFiles(files);
    await page.getByText("Kiln", { exact: true }).waitFor();
    const { changes } = await push("phone", []);
    expect(changes).toMatchObject([{ title: "Kiln", body: "It is fired at 1,240 degrees." }]);
    const [kiln] = changes;
    const head = { id: kiln?.id, title: "Kiln", media_type: "text/markdown" };
    await push("phone", [{ ...head, revision: kiln?.revision, body: "It is fired at 1,260 degrees." }]);
    const second = await push("laptop", [{ ...head, revision: kiln?.revision, body: "It is fired slowly." }]);
    expect(second.applied).toMatchObject([{ outcome: "conflict" }]);
    await page.reload();
    const conflict = page.getByRole("region", { name: "Conflict: Kiln" });
    await conflict.getByText("It is fired at 1,260 degrees.").waitFor();
    await conflict.getByText("It is fired slowly.").waitFor();
    await expectFit(page, "documents");
    await conflict.getByRole("button", { name: "Write one from both" }).click();
    await page.getByLabel("One version of Kiln").fill("It is fired slowly, at 1,260 degrees.");
    await page.getByRole("button", { name: "Keep this" }).click();
    await conflict.waitFor({ state: "detached" });
    expect((await push("phone", [])).changes).toMatchObject([{ body: "It is fired slowly, at 1,260 degrees." }]);
    expectClean(opened);
  },
  120_000,
);
