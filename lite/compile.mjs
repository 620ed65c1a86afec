// Runs under Node.js: unpacks all wheels and the standard library into the browser's own Python,
// compiles them there, and writes what `pack.py` leaves as two archives. Each is compressed as a
// whole: that takes a third less than module by module, and the browser undoes it faster than
// Python could.
//
// node compile.mjs FOLDER-OF-PYODIDE FOLDER-OF-WHEELS FOLDER-OF-THE-SITE'S-RUNTIME
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const [pyodideFolder, wheelFolder, runtime] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(join(pyodideFolder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: pyodideFolder });

pyodide.FS.mkdir("/wheels");
for (const name of readdirSync(wheelFolder).filter((name) => name.endsWith(".whl"))) {
  pyodide.FS.writeFile(`/wheels/${name}`, readFileSync(join(wheelFolder, name)));
}
pyodide.FS.mkdirTree("/packages/piplite");
const standIn = new URL("piplite/", import.meta.url);
for (const name of readdirSync(standIn).filter((name) => name.endsWith(".py"))) {
  pyodide.FS.writeFile(`/packages/piplite/${name}`, readFileSync(new URL(name, standIn)));
}
const library = "python_stdlib.zip";
pyodide.FS.writeFile(`/${library}`, readFileSync(join(pyodideFolder, library)));
pyodide.runPython(readFileSync(new URL("pack.py", import.meta.url), "utf-8"));
for (const name of ["packages", "library"]) {
  const archive = gzipSync(pyodide.FS.readFile(`/${name}.zip`), { level: 9 });
  writeFileSync(join(runtime, `${name}.bin`), archive);
}
