"""The course on a JupyterHub that runs on one machine.

Plain JupyterHub: `load_subconfig("/path/to/this/file")` in your own configuration. The Littlest
JupyterHub: copy this file to /opt/tljh/config/jupyterhub_config.d/smtplab.py. Who may sign in, and
how servers are started, stays as you have it.
"""

c = get_config()  # type: ignore[name-defined] # noqa: F821 # JupyterHub defines it

# The sandbox of each learner lives in the memory of their own kernel. It has no port, so nobody
# else on the machine can come near it.
c.Spawner.environment.update({"SMTPLAB_TRANSPORT": "memory"})

# Kernels are reached by sockets in the learner's home, and not by TCP ports: of many servers that
# look for free ports at the same moment, two would get the same one. The path of a socket may have
# 107 octets (unix(7)), of which Jupyter's names want 63: a longer home stays with ports.
_BY_SOCKETS = (
    'export JUPYTER_RUNTIME_DIR="$HOME/.jupyter-run"; '
    f'case "$HOME" in {"?" * 45}*) ;; *) set -- "$@" --KernelManager.transport=ipc ;; esac; '
)
# Each start brings the learner's copy up to date, and leaves every notebook that they changed.
_COPY_AND_START = 'smtplab copy "$HOME/smtplab-course"; exec jupyterhub-singleuser "$@"'
c.Spawner.cmd = ["sh", "-c", _BY_SOCKETS + _COPY_AND_START, "smtplab"]
c.Spawner.default_url = "/lab/tree/smtplab-course/00-start-here.ipynb"

# What one learner needs is measured in classroom/README.md. A spawner of plain processes cannot
# hold anybody to a limit; those of systemd (TLJH) and of Kubernetes can.
c.Spawner.mem_guarantee = "250M"
c.Spawner.mem_limit = "700M"
