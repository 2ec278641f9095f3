/** Where the console begins: the theme, and the frame that shows the view of the address. */
import { render } from "preact";
import { Frame } from "./frame.tsx";
import { applyTheme } from "./state/theme.ts";
import { lookForUnfinished } from "./state/unfinished.ts";

applyTheme();
const place = document.querySelector("#console");
if (!place) throw new Error("the page has no place for the console");
render(<Frame />, place);
void lookForUnfinished();
