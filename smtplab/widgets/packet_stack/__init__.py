"""The packet stack: one line of a conversation inside TCP, IP and a frame of the network."""

from smtplab.widgets.packet_stack.view import PacketStack

__all__ = ["PacketStack"]
