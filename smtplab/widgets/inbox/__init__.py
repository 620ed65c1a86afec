"""The inbox: what lies in a mailbox, as a mail program shows it and as it really is."""

from smtplab.widgets.inbox.view import Inbox

__all__ = ["Inbox"]
