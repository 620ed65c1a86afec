"""The tests of smtplab; `python -m tests` runs them all, with lint, types and notebooks."""
