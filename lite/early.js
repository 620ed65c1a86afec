// In the page, before JupyterLab: the first kernel's worker begins now, and JupyterLab is given it
// when it asks for one. Both take some seconds, and so they take them at the same time.
//
// Only where the service worker is in charge already, from the second visit on: it brings the
// reader's files to a worker, and a worker that is older than it might go without. In an isolated
// page the kernel has a worker of another kind.
(() => {
  if (crossOriginIsolated || !navigator.serviceWorker?.controller) return;
  const { src } = document.currentScript;
  const Plain = window.Worker;
  const early = new Plain(new URL("early.mjs", src), { type: "module" });
  window.Worker = class extends Plain {
    constructor(url, options) {
      if (!String(url).includes("/comlink.worker.")) return super(url, options);
      window.Worker = Plain;
      return early;
    }
  };
})();
