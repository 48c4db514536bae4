/** A graph in layers, from left to right: what came before stands before. Knows nothing of what its nodes are. */

/**
 * @typedef {{id: string, kind: string, name: string, details: Record<string, string>, folded?: string[]}} Node folded: the ids that it stands for
 * @typedef {{source: string, target: string, how: string}} Edge
 * @typedef {{nodes: Node[], edges: Edge[]}} Graph
 * @typedef {Node & {x: number, y: number}} Placed
 */

/** Siblings of one kind, and links of a chain, that are shown before the others are folded into one. */
const SIBLINGS = 6;
const CHAIN = 5;
/** Turns in which rows are put near what they are joined to. */
const TURNS = 6;

/** @param {Edge[]} edges */
function joined(edges) {
  /** @type {Map<string, string[]>} */
  const before = new Map();
  /** @type {Map<string, string[]>} */
  const after = new Map();
  for (const { source, target } of edges) {
    before.set(target, [...(before.get(target) ?? []), source]);
    after.set(source, [...(after.get(source) ?? []), target]);
  }
  return { before: (/** @type {string} */ id) => before.get(id) ?? [], after: (/** @type {string} */ id) => after.get(id) ?? [] };
}

/**
 * Put many that are alike, and long chains, into one node each.
 * @param {Graph} graph @param {string} root is never folded @param {Set<string>} opened folds that are not made
 * @returns {Graph}
 */
export function folded(graph, root, opened) {
  const { before, after } = joined(graph.edges);
  /** @type {Map<string, string>} */
  const into = new Map();
  /** @type {Map<string, Node>} */
  const folds = new Map();
  /** @param {string} id @param {Node[]} nodes @param {string} name */
  const fold = (id, nodes, name) => {
    if (opened.has(id)) return;
    folds.set(id, { id, kind: "fold", name, details: {}, folded: nodes.map((one) => one.id) });
    for (const one of nodes) into.set(one.id, id);
  };
  /** @type {Map<string, Node[]>} */
  const alike = new Map();
  for (const node of graph.nodes) {
    const key = JSON.stringify([node.kind, [...before(node.id)].sort(), [...after(node.id)].sort()]);
    if (node.id !== root) alike.set(key, [...(alike.get(key) ?? []), node]);
  }
  for (const nodes of alike.values()) {
    if (nodes.length > SIBLINGS) fold(`fold:${nodes[0].id}`, nodes.slice(SIBLINGS - 1), `${nodes.length - SIBLINGS + 1} more`);
  }
  const known = new Map(graph.nodes.map((one) => [one.id, one]));
  /** @param {string} id */
  const link = (id) => id !== root && !into.has(id) && before(id).length === 1 && after(id).length === 1;
  const seen = new Set();
  for (const node of graph.nodes) {
    if (!link(node.id) || seen.has(node.id)) continue;
    const chain = [node.id];
    seen.add(node.id);
    for (let at = before(node.id)[0]; link(at) && !seen.has(at); at = before(at)[0]) (chain.unshift(at), seen.add(at));
    for (let at = after(node.id)[0]; link(at) && !seen.has(at); at = after(at)[0]) (chain.push(at), seen.add(at));
    const middle = chain.slice(1, -1).flatMap((id) => known.get(id) ?? []);
    if (chain.length > CHAIN) fold(`fold:${middle[0].id}`, middle, `${middle.length} steps`);
  }
  const edges = new Map();
  for (const edge of graph.edges) {
    const source = into.get(edge.source) ?? edge.source;
    const target = into.get(edge.target) ?? edge.target;
    if (source !== target) edges.set(JSON.stringify([source, target, edge.how]), { ...edge, source, target });
  }
  return { nodes: [...graph.nodes.filter((one) => !into.has(one.id)), ...folds.values()], edges: [...edges.values()] };
}

/**
 * Each node's layer: behind all that it came from. An edge that closes a circle does not count.
 * @param {Graph} graph
 * @returns {Map<string, number>}
 */
function ranks(graph) {
  const { after, before } = joined(graph.edges);
  /** @type {Map<string, number>} */
  const rank = new Map();
  /** @type {Map<string, string[]>} */
  const forward = new Map();
  const state = new Map();
  // Depth first by hand: a chain may be longer than the stack.
  const ordered = /** @type {string[]} */ ([]);
  for (const { id } of [...graph.nodes].sort((one, other) => before(one.id).length - before(other.id).length)) {
    if (state.has(id)) continue;
    const path = [{ id, left: [...after(id)] }];
    state.set(id, "open");
    while (path.length > 0) {
      const at = path[path.length - 1];
      const next = at.left.pop();
      if (next === undefined) {
        state.set(at.id, "done");
        ordered.push(at.id);
        path.pop();
      } else if (state.get(next) !== "open") {
        forward.set(at.id, [...(forward.get(at.id) ?? []), next]);
        if (!state.has(next)) {
          state.set(next, "open");
          path.push({ id: next, left: [...after(next)] });
        }
      }
    }
  }
  for (const id of ordered.reverse()) {
    const here = rank.get(id) ?? 0;
    rank.set(id, here);
    for (const next of forward.get(id) ?? []) rank.set(next, Math.max(rank.get(next) ?? 0, here + 1));
  }
  return rank;
}

/**
 * Where each node stands.
 * @param {Graph} graph @param {{width: number, height: number, across: number, down: number}} size of a node, and the gaps between two
 * @returns {{nodes: Placed[], width: number, height: number}}
 */
export function placed(graph, { width, height, across, down }) {
  const rank = ranks(graph);
  /** @type {string[][]} */
  const layers = [];
  for (const { id } of graph.nodes) (layers[rank.get(id) ?? 0] ??= []).push(id);
  const rows = new Map();
  const settle = () => layers.forEach((layer) => layer.forEach((id, at) => rows.set(id, at - (layer.length - 1) / 2)));
  settle();
  const { before, after } = joined(graph.edges);
  for (let turn = 0; turn < TURNS; turn += 1) {
    const near = turn % 2 === 0 ? before : after;
    for (const layer of turn % 2 === 0 ? layers : [...layers].reverse()) {
      const wish = new Map(layer.map((id) => [id, near(id).length > 0 ? near(id).reduce((sum, one) => sum + rows.get(one), 0) / near(id).length : rows.get(id)]));
      layer.sort((one, other) => wish.get(one) - wish.get(other));
    }
    settle();
  }
  const most = Math.max(1, ...layers.map((layer) => layer.length));
  const middle = ((most - 1) * (height + down)) / 2;
  const nodes = graph.nodes.map((node) => ({ ...node, x: (rank.get(node.id) ?? 0) * (width + across), y: middle + rows.get(node.id) * (height + down) }));
  return { nodes, width: Math.max(1, layers.length) * (width + across) - across, height: most * (height + down) - down };
}
