"""A real JupyterHub on loopback and learners who are simulated; `python -m tests.classroom`."""
