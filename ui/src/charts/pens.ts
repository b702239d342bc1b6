/* Draws a picture on a canvas or as SVG, by the same calls. Lengths are in px of the picture. */

export interface Stroke {
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

export interface TextStyle {
  readonly colour: string;
  readonly size: number;
  readonly isBold?: boolean;
  readonly anchor?: "start" | "middle" | "end";
  /** Draws the text upwards, for the name of a vertical axis. */
  readonly isTurned?: boolean;
}

export type Place = readonly [x: number, y: number];

export interface Pen {
  line(points: readonly Place[], stroke: Stroke): void;
  /** A filled shape. */
  area(points: readonly Place[], colour: string, opacity: number): void;
  /** `y` is the middle of the text. */
  text(text: string, at: Place, style: TextStyle): void;
  /** Cuts everything that `draw` draws at the edges of a box. */
  clipped(box: { left: number; top: number; width: number; height: number }, draw: () => void): void;
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** Draws on a canvas that has `scale` pixels per px. */
export function canvasPen(ctx: CanvasRenderingContext2D): Pen {
  const trace = (points: readonly Place[]): void => {
    ctx.beginPath();
    for (const [x, y] of points) ctx.lineTo(x, y);
  };
  return {
    line: (points, { colour, width, dash = [] }) => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.lineJoin = "round";
      ctx.setLineDash([...dash]);
      trace(points);
      ctx.stroke();
    },
    area: (points, colour, opacity) => {
      ctx.fillStyle = colour;
      ctx.globalAlpha = opacity;
      trace(points);
      ctx.fill();
      ctx.globalAlpha = 1;
    },
    text: (text, [x, y], { colour, size, isBold = false, anchor = "start", isTurned = false }) => {
      ctx.save();
      ctx.translate(x, y);
      if (isTurned) ctx.rotate(-Math.PI / 2);
      ctx.fillStyle = colour;
      ctx.font = `${isBold ? "600 " : ""}${size}px ${FONT}`;
      ctx.textAlign = anchor === "middle" ? "center" : anchor;
      ctx.textBaseline = "middle";
      ctx.fillText(text, 0, 0);
      ctx.restore();
    },
    clipped: ({ left, top, width, height }, draw) => {
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      ctx.clip();
      draw();
      ctx.restore();
    },
  };
}

/** Writes SVG; `finish` gives the document. */
export function svgPen(width: number, height: number): Pen & { finish: () => string } {
  const parts: string[] = [];
  let clips = 0;
  const places = (points: readonly Place[]): string => points.map(([x, y]) => `${short(x)},${short(y)}`).join(" ");
  return {
    line: (points, stroke) => {
      const dash = stroke.dash?.length ? ` stroke-dasharray="${stroke.dash.join(" ")}"` : "";
      parts.push(
        `<polyline points="${places(points)}" fill="none" stroke="${stroke.colour}" stroke-width="${stroke.width}" stroke-linejoin="round"${dash}/>`,
      );
    },
    area: (points, colour, opacity) =>
      void parts.push(`<polygon points="${places(points)}" fill="${colour}" fill-opacity="${opacity}"/>`),
    text: (text, [x, y], { colour, size, isBold, anchor = "start", isTurned }) => {
      const turn = isTurned ? ` transform="rotate(-90 ${short(x)} ${short(y)})"` : "";
      parts.push(
        `<text x="${short(x)}" y="${short(y)}" fill="${colour}" font-size="${size}"${isBold ? ' font-weight="600"' : ""} text-anchor="${anchor}" dominant-baseline="central"${turn}>${escaped(text)}</text>`,
      );
    },
    clipped: ({ left, top, width: wide, height: high }, draw) => {
      const id = `clip${++clips}`;
      parts.push(
        `<clipPath id="${id}"><rect x="${left}" y="${top}" width="${wide}" height="${high}"/></clipPath><g clip-path="url(#${id})">`,
      );
      draw();
      parts.push("</g>");
    },
    finish: () =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}">${parts.join("\n")}</svg>`,
  };
}

const short = (px: number): string => String(Math.round(px * 100) / 100);

/** A name may have any characters, also control characters, which XML does not allow. */
function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those that XML does not allow
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
  );
}
