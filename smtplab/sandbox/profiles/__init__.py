"""The services of `smtplab.reference.profiles`, alive in the sandbox: limits, and refusals."""

from smtplab.sandbox.profiles.profile_host import plan

__all__ = ["plan"]
