/* The console of the reference page. Swagger UI is fetched when the button is pressed, never before.
   Needs #console with the addresses data-script, data-sheet and data-document; data-csrf when somebody is signed in. */
(() => {
  const root = document.getElementById("console");
  if (!root) return;

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const SHOWN = { idle: "wait", asked: "wait", failed: "failed", open: "console" };

  const loaded = (element) => new Promise((resolve, reject) => {
    element.addEventListener("load", resolve);
    element.addEventListener("error", () => { element.remove(); reject(new Error(`${element.tagName} did not load`)); });
    document.head.append(element);
  });

  /* A page cannot send another session than its own, so the console offers tokens alone. */
  async function readDocument() {
    const answer = await fetch(root.dataset.document, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${root.dataset.document} did not load`);
    const found = await answer.json();
    delete found.components.securitySchemes.session;
    for (const methods of Object.values(found.paths)) {
      for (const operation of Object.values(methods)) {
        operation.security = operation.security?.filter((scheme) => !("session" in scheme));
      }
    }
    return found;
  }

  async function load() {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: root.dataset.sheet });
    const script = Object.assign(document.createElement("script"), { src: root.dataset.script });
    const [found] = await Promise.all([
      readDocument(),
      document.head.querySelector(`link[href="${root.dataset.sheet}"]`) ? null : loaded(sheet),
      window.SwaggerUIBundle ? null : loaded(script),
    ]);
    return found;
  }

  function asSession(request) {
    request.credentials = "same-origin";
    if (root.dataset.csrf && new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = root.dataset.csrf;
    }
    return request;
  }

  // Swagger UI's own layout has a main element, of which this page has one, and says again what stands above.
  const layout = ({ React }) => ({
    components: {
      Console: ({ getComponent }) => {
        const place = (name) => React.createElement(getComponent(name, true));
        return React.createElement("div", { className: "swagger-ui" },
          React.createElement(getComponent("SvgAssets")), place("errors"), place("AuthorizeBtnContainer"),
          place("operations"));
      },
    },
  });

  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

  function show(state) {
    root.dataset.state = state;
    for (const name of ["wait", "failed", "console"]) part(name).hidden = name !== SHOWN[state];
    const button = part("open");
    button.setAttribute("aria-busy", String(state === "asked"));
    button.setAttribute("aria-disabled", String(state === "asked"));
    button.querySelector("[data-words]").textContent = state === "asked" ? "Loading the console" : "Open the console";
    button.querySelector(".spin").hidden = state !== "asked";
  }

  async function open() {
    if (root.dataset.state === "asked") return;
    show("asked");
    try {
      const spec = await load();
      follow();
      show("open");
      window.SwaggerUIBundle({
        domNode: part("console"),
        spec,
        presets: [window.SwaggerUIBundle.presets.apis],
        plugins: [layout],
        layout: "Console",
        syntaxHighlight: false,
        docExpansion: "none",
        defaultModelsExpandDepth: -1,
        deepLinking: false,
        persistAuthorization: false,
        validatorUrl: null,
        requestInterceptor: asSession,
      });
    } catch (error) {
      console.error(error);
      show("failed");
      part("again").focus();
      return;
    }
    part("console").focus({ preventScroll: true });
    dark.addEventListener("change", follow);
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === part("open") || button === part("again")) open();
  });
  show("idle");
})();
