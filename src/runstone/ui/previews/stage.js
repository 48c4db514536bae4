/**
 * What draws a figure of plotly's within its cage (server/stage.py puts it there, behind plotly). It is told what to draw by the page that
 * frames it, and answers how that went. It is a script, no module: it stands in its document.
 */
{
  /** @type {any} */
  const plotly = /** @type {any} */ (window).Plotly;
  const place = /** @type {HTMLElement} */ (document.getElementById("figure"));
  // Nothing of what plotly offers and the cage does not allow: to save (the page does that), to send the figure to plotly's own servers.
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["toImage"], showSendToCloud: false, plotlyServerURL: "", showTips: false };

  /** A figure's own colours are kept; what it leaves open is that of the page. @param {any} layout @param {any} look */
  const dressed = (layout, look) => {
    const own = { ...layout, autosize: true };
    delete own.width;
    delete own.height;
    if (!look.dark) return own;
    own.paper_bgcolor ??= look.ground;
    own.plot_bgcolor ??= look.ground;
    own.font = { color: look.text, ...own.font };
    for (const name of new Set(["xaxis", "yaxis", ...Object.keys(own).filter((key) => /^[xy]axis\d+$/.test(key))])) {
      own[name] = { gridcolor: look.line, zerolinecolor: look.line, linecolor: look.line, ...own[name] };
    }
    return own;
  };

  /** @param {any} said */
  const answer = (said) => window.parent.postMessage(said, "*");

  /** @param {any} told */
  const draw = async ({ data, layout, frames, look }) => {
    document.body.style.background = look.dark ? look.ground : "#ffffff";
    plotly.purge(place);
    await plotly.newPlot(place, { data, layout: dressed(layout, look), frames, config });
    answer({ drawn: true });
  };

  window.addEventListener("message", async ({ source, data: told }) => {
    if (source !== window.parent || typeof told !== "object" || told === null) return;
    try {
      if (told.picture) answer({ picture: await plotly.toImage(place, { format: "png", scale: 2 }) });
      else await draw(told);
    } catch (error) {
      answer({ problem: String(error).slice(0, 300) });
    }
  });
  answer({ ready: true });
}
