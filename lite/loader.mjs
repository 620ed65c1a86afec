// What the kernel loads as "Pyodide": the real one, with the course's packages beside it.
//
// The archive is asked for while the runtime compiles, and Python imports from it as it is: no
// package is unpacked and none is looked up. `packages` only tells the kernel what is there already.
import { loadPyodide as load } from "./pyodide.mjs";

const ARCHIVE = "/packages.zip";

export async function loadPyodide({ packages, env, ...options }) {
  const archive = fetch(new URL("packages.bin", import.meta.url)).then((answer) => {
    if (!answer.ok) throw new Error(`packages.bin could not be loaded: ${answer.status}`);
    return new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  });
  return load({
    ...options,
    env: { HOME: "/home/pyodide", ...env, PYTHONPATH: ARCHIVE },
    fsInit: async (FS) => FS.writeFile(ARCHIVE, new Uint8Array(await archive)),
  });
}
