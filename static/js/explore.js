/* The chart of the page Explore. Plotly is fetched when the button is pressed, never before; the table is always there.
   Needs #explore with the addresses data-script, data-sheet and data-font, and the figure in both themes in #figure. */
(() => {
  const root = document.getElementById("explore");
  const source = document.getElementById("figure");
  if (!root || !source) return;

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const plot = part("plot");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const config = { displayModeBar: false, displaylogo: false, responsive: true, scrollZoom: false, doubleClick: false };
  const SHOWN = { idle: "wait", asked: "wait", failed: "failed", drawn: "plot" };
  const EXPORT = { width: 1200, height: 700, scale: 2 };

  // Plotly changes the objects it is given, so every drawing gets its own.
  const figure = (theme) => JSON.parse(source.textContent)[theme];

  // Plotly and the map library inside it would each write a style element, which the content security policy refuses.
  // Both look for their element first: for Plotly it is our sheet with the same rules, maps are not drawn here.
  function standIn(tag, attributes) {
    const known = document.getElementById(attributes.id);
    if (known) return known;
    const element = Object.assign(document.createElement(tag), attributes);
    document.head.append(element);
    return element;
  }

  const loaded = (element) => new Promise((resolve, reject) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => { element.remove(); reject(new Error(`${element.tagName} did not load`)); });
  });

  async function load() {
    if (window.Plotly) return;
    standIn("meta", { id: "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53" });
    const sheet = standIn("link", {
      id: "plotly.js-style-global", className: "no-inline-styles", rel: "stylesheet", href: root.dataset.sheet,
    });
    const script = document.createElement("script");
    const both = Promise.all([sheet.sheet ? null : loaded(sheet), loaded(script)]);
    script.src = root.dataset.script;
    document.head.append(script);
    await both;
  }

  async function draw(theme) {
    const { data, layout } = figure(theme);
    await window.Plotly.react(plot, data, layout, config);
  }

  const follow = () => draw(dark.matches ? "dark" : "light");

  function show(state) {
    root.dataset.state = state;
    for (const name of ["wait", "failed", "plot"]) part(name).hidden = name !== SHOWN[state];
    for (const button of root.querySelectorAll("[data-save]")) button.hidden = state !== "drawn";
    const button = part("draw");
    button.setAttribute("aria-busy", String(state === "asked"));
    button.setAttribute("aria-disabled", String(state === "asked"));
    button.querySelector("[data-words]").textContent = state === "asked" ? "Loading the chart" : "Draw the chart";
    button.querySelector(".spin").hidden = state !== "asked";
  }

  async function start() {
    if (root.dataset.state === "asked") return;
    show("asked");
    try {
      await Promise.all([load(), document.fonts.load('13px "Inter"')]);
      show("drawn");
      await follow();
    } catch (error) {
      console.error(error);
      show("failed");
      part("again").focus();
      return;
    }
    plot.focus({ preventScroll: true });
    dark.addEventListener("change", follow);
    // Paper is white.
    window.addEventListener("beforeprint", () => draw("light"));
    window.addEventListener("afterprint", follow);
  }

  async function asBase64(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} did not load`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }

  /* The figure in light colours and one size, whatever the screen, with its typeface inside. */
  async function asSvg() {
    const { data, layout } = figure("light");
    const address = await window.Plotly.toImage({ data, layout }, { ...EXPORT, scale: 1, format: "svg" });
    const svg = decodeURIComponent(address.slice(address.indexOf(",") + 1));
    const face = `@font-face{font-family:"Inter";font-weight:100 900;src:url(data:font/woff2;base64,${await asBase64(root.dataset.font)}) format("woff2")}`;
    return svg.replace(/(<svg[^>]*>)/, `$1<style>${face}</style>`);
  }

  async function asPng() {
    const picture = new Image();
    // A data address, because the policy allows no blob: images; Plotly's own PNG needs one.
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await asSvg())}`;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = EXPORT.width * EXPORT.scale;
    canvas.height = EXPORT.height * EXPORT.scale;
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  async function save(button) {
    const kind = button.dataset.save;
    const said = part("said");
    said.textContent = "";
    try {
      const file = kind === "png" ? await asPng() : new Blob([await asSvg()], { type: "image/svg+xml" });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `${root.dataset.name}.${kind}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    } catch (error) {
      console.error(error);
      said.textContent = "The picture could not be made. Try again.";
    }
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button === part("draw") || button === part("again")) start();
    if (button.dataset.save) save(button);
  });
  show("idle");
})();
