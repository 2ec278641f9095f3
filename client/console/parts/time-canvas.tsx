/** A strip of time to draw on: as wide as its place, sharp on every screen, drawn anew when anything of it changes. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { theme } from "../state/theme.ts";

export interface Strip {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly xOf: (ms: number) => number;
  /** A colour of `tokens.css`. */
  readonly colour: (name: string) => string;
}

interface Props {
  readonly fromMs: number;
  readonly toMs: number;
  readonly height: number;
  /** What it shows, for those who don't see it. */
  readonly label: string;
  readonly draw: (strip: Strip) => void;
}

export function TimeCanvas({ fromMs, toMs, height, label, draw }: Props): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const themeName = theme.value;
  useLayoutEffect(() => {
    const place = canvas.current?.parentElement;
    if (!place) return undefined;
    const observer = new ResizeObserver(() => (width.value = place.clientWidth));
    observer.observe(place);
    width.value = place.clientWidth;
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || width.value === 0) return;
    const scale = globalThis.devicePixelRatio;
    element.width = Math.round(width.value * scale);
    element.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width.value, height);
    const styles = getComputedStyle(document.documentElement);
    draw({
      context,
      width: width.value,
      height,
      xOf: (ms) => ((ms - fromMs) / Math.max(1, toMs - fromMs)) * width.value,
      colour: (name) => styles.getPropertyValue(`--${name}`).trim(),
    });
  });
  return (
    <div class="strip" style={{ height: `${height}px` }} data-theme-of-strip={themeName} data-width={width.value}>
      <canvas ref={canvas} role="img" aria-label={label} style={{ height: `${height}px`, width: "100%" }} />
    </div>
  );
}

/** Slanted lines: time of which there is no audio. */
export function hatch({ context, height }: Strip, x: number, width: number, stroke: string): void {
  context.save();
  context.beginPath();
  context.rect(x, 0, width, height);
  context.clip();
  context.strokeStyle = stroke;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = x - height; at < x + width; at += 6) {
    context.moveTo(at, height);
    context.lineTo(at + height, 0);
  }
  context.stroke();
  context.restore();
}
