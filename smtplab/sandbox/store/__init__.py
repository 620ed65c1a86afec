"""Where mailboxes, queue, numbers and the world's time are kept: in memory, or in a folder.

What is kept in a folder is there after SIGKILL, power cut or `stop()`: each file is written beside
its place, forced to the disk, and moved into its place, before the client hears 250. A mail object
that was being delivered to several mailboxes when the end came may arrive twice in the first ones,
since its client never heard 250 and sends again (RFC 5321, 6.1, prefers this to a loss).
"""

from smtplab.sandbox.store.memory import MemoryStore as MemoryStore
from smtplab.sandbox.store.memory import StoreError as StoreError
