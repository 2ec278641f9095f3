/** The page's one style sheet. Nothing in it may load anything. */
export const style = `
:root {
  color-scheme: light dark;
  --text: #1c2430; --dim: #5b6675; --line: #d9dee5; --back: #ffffff; --raised: #f5f7fa; --link: #0b5cad;
  --get: #0b6b3a; --post: #0b5cad; --put: #8a5200; --delete: #a3212b; --socket: #6a3fa0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e8ee; --dim: #9aa5b4; --line: #303945; --back: #12161c; --raised: #1a2028; --link: #74b3f5;
    --get: #5cc98d; --post: #74b3f5; --put: #e0a458; --delete: #f0828b; --socket: #bd9bf0;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; color: var(--text); background: var(--back); font: 16px/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus-visible { text-decoration: underline; }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.875em; }
.page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 84rem; margin: 0 auto; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line); font-size: 0.9rem; }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; }
nav li { padding: 0.1rem 0; }
nav strong { display: block; margin-bottom: 0.2rem; }
main { padding: 1.5rem 2rem 4rem; min-width: 0; }
h1 { margin: 0 0 0.25rem; font-size: 2rem; }
h2 { margin: 3rem 0 1rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.5rem; }
h3 { margin: 0 0 0.5rem; font-size: 1.05rem; }
h4 { margin: 1.25rem 0 0.25rem; font-size: 0.95rem; }
p { margin: 0.5rem 0; }
.id, .optional { color: var(--dim); }
.id { margin-top: 0; font-size: 0.85rem; }
.card { margin: 1rem 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 0.5rem; }
.card:target { border-color: var(--link); }
.method { font-size: 0.75rem; font-weight: 700; letter-spacing: 0.03em; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--put); }
.delete { color: var(--delete); } .ws { color: var(--socket); }
.status { font-weight: 700; }
.table { overflow-x: auto; margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 600; }
td code { overflow-wrap: anywhere; }
td:first-child code { overflow-wrap: normal; }
:target { background: var(--raised); }
details { margin: 0.4rem 0; }
summary { cursor: pointer; }
pre { margin: 0.4rem 0; padding: 0.75rem; max-height: 28rem; overflow: auto; background: var(--raised); border-radius: 0.4rem; }
@media (max-width: 52rem) {
  .page { display: block; }
  nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1rem 1rem 3rem; }
  .card { padding: 0.75rem; }
  h1 { font-size: 1.6rem; }
  .stacked thead { display: none; }
  .stacked tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  .stacked td { display: block; padding: 0; border: 0; }
  .stacked td:not(:first-child)::before { content: attr(data-label) ": "; color: var(--dim); }
}
@media print {
  nav { display: none; }
  .page { display: block; }
  pre { max-height: none; }
}
`;
