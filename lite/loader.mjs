// What the kernel loads as "Pyodide": the real one, with the course's packages beside it.
//
// Both archives are asked for while the runtime compiles, and Python imports from them as they are:
// no package is unpacked and none is looked up. `packages` only tells the kernel what is there.
import { loadPyodide as load } from "./pyodide.mjs";

const ARCHIVE = "/packages.zip";
const OF_EACH_LESSON =
  "import pyodide_kernel, ipywidgets, smtplab.lessons, smtplab.sandbox, smtplab.widgets";
let begun; // a Python that nobody has asked for yet

async function unpacked(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name} could not be loaded: ${answer.status}`);
  return new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function start(options) {
  const archive = unpacked("packages.bin");
  const library = URL.createObjectURL(new Blob([await unpacked("library.bin")]));
  return load({
    ...options,
    env: { HOME: "/home/pyodide", PYTHONPATH: ARCHIVE },
    stdLibURL: library,
    fsInit: async (FS) => FS.writeFile(ARCHIVE, new Uint8Array(await archive)),
  });
}

// Start now; whoever asks first gets this one.
export function begin() {
  begun = start({}).then((pyodide) => {
    pyodide.runPython(OF_EACH_LESSON);
    return pyodide;
  });
  begun.catch(() => {}); // told to the one who asks
}

export async function loadPyodide({ packages, stdout, stderr, ...options }) {
  const early = begun;
  begun = undefined;
  const pyodide = await (early ?? start(options));
  pyodide.setStdout({ batched: stdout });
  pyodide.setStderr({ batched: stderr });
  return pyodide;
}
