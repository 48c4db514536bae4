/**
 * Where something came from and what became of it, as a graph: data, run, model, version. Zoomed by the wheel or + and -, moved by dragging or the
 * arrow keys; each node is a link that Tab comes to.
 */

import { get, useAnswer } from "../ground/api.js";
import { classes, html, useEffect, useMemo, useRef, useState } from "../ground/html.js";
import { link } from "../ground/route.js";
import { whilePressed } from "../parts/dragging.js";
import { Empty, Skeleton, Trouble } from "../parts/states.js";
import { folded, placed } from "./layers.js";

const SIZE = { width: 190, height: 46, across: 70, down: 18 };
const EDGE = 16;
/** Pixels that the drawing is high: as many as it needs, between these. */
const LOWEST = 240;
const HIGHEST = 560;
const DEEPEST = 100;
const SHALLOW = 3;
/** A graph that would be drawn smaller than this begins at the node that one looks at. */
const LEAST = 0.6;
/** Characters of a name that fit into a node. */
const FITS = 23;

/** @type {Record<string, string>} */
const KINDS = { dataset: "data", artifact: "artifact", run: "run", model: "model", registered: "version", fold: "" };

/** @param {import("./layers.js").Node} node */
function target({ kind, id, details }) {
  const key = id.slice(kind.length + 1);
  if (kind === "run" && details.experiment_id) return link(["experiments", details.experiment_id, "runs", key]);
  if (kind === "model" && details.experiment_id) return link(["experiments", details.experiment_id, "models", key]);
  const slash = key.lastIndexOf("/");
  if (kind === "registered") return link(["models", key.slice(0, slash), "versions", key.slice(slash + 1)]);
  return undefined;
}

/** @param {string} text */
const cut = (text) => (text.length > FITS ? `${text.slice(0, FITS - 1)}…` : text);

/** @param {{of: string}} props a node's id, such as registered/NAME/1 */
export function Lineage({ of }) {
  const [depth, setDepth] = useState(SHALLOW);
  const [opened, setOpened] = useState(/** @type {Set<string>} */ (new Set()));
  const { data, error, again } = useAnswer(["lineage", of, depth], (signal) => get("/runstone/lineage", { of, depth }, signal));
  const drawn = useMemo(() => {
    if (!data) return null;
    const graph = folded({ nodes: data.nodes ?? [], edges: data.edges ?? [] }, data.root, opened);
    return { ...placed(graph, SIZE), edges: graph.edges, root: data.root };
  }, [data, opened]);
  if (error && !data) return html`<${Trouble} error=${error} again=${again} />`;
  if (!drawn) return html`<div class="card inside-card lineage-card"><${Skeleton} rows=${6} /></div>`;
  if (drawn.nodes.length < 2) return html`<${Empty} title="Nothing is known of where it came from" code=${"with runstone.start_run():\n    runstone.log_input(runstone.data.from_pandas(frame, name=\"training\"))\n    runstone.log_model(model, name=\"forest\")"}>What a run uses and makes is noted as it logs it.<//>`;
  const deepest = Math.max(...(data.nodes ?? []).map((/** @type {any} */ one) => one.depth ?? 0));
  return html`<section class="card lineage-card"><header><h2 class="grow">Lineage <span class="quiet small">${(data.nodes ?? []).length}${data.truncated ? "+" : ""}</span></h2>
      ${deepest >= depth && depth < DEEPEST && html`<button type="button" onClick=${() => setDepth(Math.min(DEEPEST, depth * 3))}>Further</button>`}</header>
    <${Drawing} drawn=${drawn} open=${(/** @type {string} */ id) => setOpened(new Set([...opened, id]))} /></section>`;
}

/** @param {{drawn: {nodes: import("./layers.js").Placed[], edges: import("./layers.js").Edge[], width: number, height: number, root: string}, open: (id: string) => void}} props */
function Drawing({ drawn, open }) {
  const box = useRef(/** @type {SVGSVGElement | null} */ (null));
  const [view, setView] = useState({ scale: 1, x: EDGE, y: EDGE });
  /** All of it, as far as that can be read; `least` is how small its parts may become. @param {number} least */
  const fit = (least) => {
    const room = box.current?.getBoundingClientRect();
    if (!room) return;
    const scale = Math.max(least, Math.min(1, (room.width - 2 * EDGE) / drawn.width, (room.height - 2 * EDGE) / drawn.height));
    const root = drawn.nodes.find(({ id }) => id === drawn.root);
    /** @param {number} space @param {number} length @param {number} middle of the root */
    const from = (space, length, middle) => (length + 2 * EDGE <= space + 1 ? (space - length) / 2 : Math.max(space - EDGE - length, Math.min(EDGE, space / 2 - middle)));
    setView({
      scale,
      x: from(room.width, drawn.width * scale, ((root?.x ?? 0) + SIZE.width / 2) * scale),
      y: from(room.height, drawn.height * scale, ((root?.y ?? 0) + SIZE.height / 2) * scale),
    });
  };
  const whole = () => fit(0.2);
  useEffect(() => fit(LEAST), [drawn.width, drawn.height]);
  /** @param {number} by @param {number} x @param {number} y the place that stays where it is */
  const zoom = (by, x, y) =>
    setView((before) => {
      const scale = Math.min(3, Math.max(0.1, before.scale * by));
      return { scale, x: x - ((x - before.x) * scale) / before.scale, y: y - ((y - before.y) * scale) / before.scale };
    });
  const centre = () => {
    const room = box.current?.getBoundingClientRect();
    return /** @type {const} */ ([(room?.width ?? 0) / 2, (room?.height ?? 0) / 2]);
  };
  useEffect(() => {
    const element = box.current;
    /** @param {WheelEvent} event */
    const wheel = (event) => {
      event.preventDefault();
      const room = /** @type {SVGSVGElement} */ (element).getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 400), event.clientX - room.left, event.clientY - room.top);
    };
    element?.addEventListener("wheel", wheel, { passive: false }); // preact's own would not be allowed to keep the page where it is
    return () => element?.removeEventListener("wheel", wheel);
  }, []);
  /** @param {PointerEvent} event */
  const drag = (event) => {
    if (event.button !== 0) return;
    let { clientX, clientY } = event;
    whilePressed((moved) => {
      const [dx, dy] = [moved.clientX - clientX, moved.clientY - clientY];
      ({ clientX, clientY } = moved);
      setView((before) => ({ ...before, x: before.x + dx, y: before.y + dy }));
    });
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    /** @type {Record<string, () => void>} */
    const does = {
      "+": () => zoom(1.25, ...centre()),
      "=": () => zoom(1.25, ...centre()),
      "-": () => zoom(0.8, ...centre()),
      0: whole,
      ArrowLeft: () => setView((before) => ({ ...before, x: before.x + 60 })),
      ArrowRight: () => setView((before) => ({ ...before, x: before.x - 60 })),
      ArrowUp: () => setView((before) => ({ ...before, y: before.y + 60 })),
      ArrowDown: () => setView((before) => ({ ...before, y: before.y - 60 })),
    };
    const act = does[event.key];
    if (!act || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  };
  /** What the keyboard comes to is brought into sight. @param {import("./layers.js").Placed} node */
  const show = (node) =>
    setView((before) => {
      const room = box.current?.getBoundingClientRect();
      const [left, top] = [node.x * before.scale + before.x, node.y * before.scale + before.y];
      if (!room || (left >= 0 && top >= 0 && left + SIZE.width * before.scale <= room.width && top + SIZE.height * before.scale <= room.height)) return before;
      return { ...before, x: room.width / 2 - (node.x + SIZE.width / 2) * before.scale, y: room.height / 2 - (node.y + SIZE.height / 2) * before.scale };
    });
  const places = new Map(drawn.nodes.map((one) => [one.id, one]));
  return html`<div class="lineage-box">
    <svg ref=${box} class="lineage" style=${{ height: `${Math.min(HIGHEST, Math.max(LOWEST, drawn.height + 6 * EDGE))}px` }} role="group" aria-label="Lineage: Tab goes through it, + and - zoom" tabindex="0" onPointerDown=${drag} onKeyDown=${onKey}>
      <g transform=${`translate(${view.x} ${view.y}) scale(${view.scale})`}>
        ${drawn.edges.map((edge) => {
          const [from, to] = [places.get(edge.source), places.get(edge.target)];
          if (!from || !to) return null;
          const [x1, y1, x2, y2] = [from.x + SIZE.width, from.y + SIZE.height / 2, to.x, to.y + SIZE.height / 2];
          const bend = Math.max(30, (x2 - x1) / 2);
          return html`<path key=${`${edge.source} ${edge.target} ${edge.how}`} class="edge" d=${`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}><title>${edge.how}</title></path>`;
        })}
        ${[...drawn.nodes].sort((one, other) => one.x - other.x || one.y - other.y).map((node) => html`<${One} key=${node.id} node=${node} root=${node.id === drawn.root} open=${open} show=${() => show(node)} />`)}
      </g>
    </svg>
    <span class="buttons lineage-zoom"><button type="button" aria-label="Larger" onClick=${() => zoom(1.25, ...centre())}>+</button><button type="button" aria-label="Smaller" onClick=${() => zoom(0.8, ...centre())}>−</button><button type="button" onClick=${whole}>All</button></span>
  </div>`;
}

/** @param {{node: import("./layers.js").Placed, root: boolean, open: (id: string) => void, show: () => void}} props */
function One({ node, root, open, show }) {
  const href = target(node);
  const facts = Object.entries(node.details ?? {}).filter(([key]) => key !== "experiment_id" && key !== "source").map(([key, value]) => `${key}: ${value}`);
  const kind = [KINDS[node.kind] ?? node.kind, node.details?.status?.toLowerCase(), node.details?.missing && "gone"].filter(Boolean).join(" · ");
  const label = `${kind} ${cut(node.name)}`.trim(); // what is seen, for whoever speaks to the page
  const inside = html`<rect width=${SIZE.width} height=${SIZE.height} rx="7" /><text class="kind" x="10" y="17">${`${kind} `}</text>
    <text class="name" x="10" y="34">${cut(node.name)}</text>`;
  const title = html`<title>${[node.name, ...facts].join("\n")}</title>`;
  const name = classes("node", node.kind, root && "root");
  const transform = `translate(${node.x} ${node.y})`;
  if (node.kind === "fold") {
    const unfold = () => open(node.id);
    /** @param {KeyboardEvent} event */
    const onKey = (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), event.stopPropagation(), unfold());
    return html`<g class=${name} transform=${transform} role="button" tabindex="0" aria-label=${`${node.name}: show`} onClick=${unfold} onKeyDown=${onKey} onFocus=${show}>${title}${inside}</g>`;
  }
  return html`<g class=${name} transform=${transform}>${title}${href && !root ? html`<a href=${href} aria-label=${label} draggable="false" onFocus=${show}>${inside}</a>` : html`<g role="img" aria-label=${label}>${inside}</g>`}</g>`;
}
