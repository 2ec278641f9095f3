/** A view whose code comes when it is looked at, so that the first page does not wait for it. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

interface Props {
  /** Asked once for each time that it is shown. */
  readonly load: () => Promise<ComponentType>;
}

export function Later({ load }: Props): JSX.Element {
  const [View, setView] = useState<ComponentType | undefined>(undefined);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isHere = true;
    load().then(
      (loaded) => isHere && setView(() => loaded),
      () => isHere && setFailed(true),
    );
    return () => {
      isHere = false;
    };
  }, [load]);
  if (View) return <View />;
  return (
    <section class="page">
      <p class="hint">{hasFailed ? "This part of the page did not come. Load the page again." : "Loading…"}</p>
    </section>
  );
}
