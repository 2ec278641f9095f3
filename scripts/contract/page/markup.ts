/** Pieces of HTML. Whatever is put into one is escaped, unless it is such a piece itself. */
import { html as honoHtml, raw } from "hono/html";

export type Markup = ReturnType<typeof raw>;

/** Hono's tag, which answers at once where nothing in it has to be waited for. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  // How these sources are laid out is of no use to a reader of the page; what is put in stays as it is.
  const parts = strings.map((part) => part.replaceAll(/\n\s+/g, "\n"));
  const made = honoHtml(Object.assign(parts, { raw: parts }), ...values);
  if (made instanceof Promise) throw new Error("a piece of the page has to be waited for");
  return made;
}

export const nothing = html``;
/** For the style sheet alone: there nothing must be escaped. */
export const unescaped = raw;

/** Text with `code` and [links](/to/here); a link leads to this gateway or to this page. */
export function inline(text: string): Markup {
  const parts = text.split(/(`[^`]+`|\[[^\]]+\]\([/#][^)]*\))/);
  return html`${parts.map((part) => {
    if (part.startsWith("`") && part.endsWith("`") && part.length > 2) return html`<code>${part.slice(1, -1)}</code>`;
    const link = /^\[([^\]]+)\]\(([^)]*)\)$/.exec(part);
    return link ? html`<a href="${link[2]}">${link[1]}</a>` : part;
  })}`;
}

/** Paragraphs and lists. */
export function prose(text: string): Markup {
  return html`${text.split("\n\n").map((block) => {
    const items = block.split("\n");
    if (!items.every((item) => item.startsWith("- "))) return html`<p>${inline(block)}</p> `;
    return html`<ul>
      ${items.map((item) => html`<li>${inline(item.slice(2))}</li> `)}
    </ul> `;
  })}`;
}

/** @param rows each with as many cells as `head`. One of many columns is told row by row on a narrow screen. */
export function table(head: readonly string[], rows: readonly (readonly (Markup | string)[])[]): Markup {
  const isWide = head.length > 3;
  return html`<div class="${isWide ? "table stacked" : "table"}">
    <table>
      <thead>
        <tr>
          ${head.map((cell) => html`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, i) => (isWide ? html`<td data-label="${head[i]}">${cell}</td>` : html`<td>${cell}</td>`))}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

export const code = (text: string): Markup => html`<code>${text}</code>`;

/** A value or a text as it is sent, behind a line that opens it. */
export function example(summary: string, value: unknown): Markup {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  // Not laid out: white space counts in it.
  return html`<details>
    <summary>${inline(summary)}</summary>
    <pre><code>${text}</code></pre>
  </details>`;
}
