"""The course as a static site: JupyterLite, with everything served from the site itself."""
