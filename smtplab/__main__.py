"""`python -m smtplab` is the same as the command `smtplab`."""

from smtplab.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
