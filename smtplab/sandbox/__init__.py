"""The sandbox: a little internet of real mail servers on this machine."""

from smtplab.sandbox.host_plan import HostPlan
from smtplab.sandbox.little_internet import Account, Listener
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.sandbox import Sandbox

__all__ = ["Account", "HostPlan", "Listener", "Sandbox", "StoredMail"]
