// In the first kernel's worker: Python starts and imports what every lesson needs, before JupyterLab
// has said a word. The kernel itself is imported here, too, and is told that Python is there already.
import { begin } from "./loader.mjs";
import "KERNEL";

begin();
