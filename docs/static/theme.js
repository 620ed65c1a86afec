// Our cards ask JupyterLab whether its theme is light; here the page's own theme answers.
const tell = () => {
  document.body.dataset.jpThemeLight = document.documentElement.dataset.theme !== "dark";
};
new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });
document.addEventListener("DOMContentLoaded", tell);
