"""Servers and wires that are not as they should be, for lessons on why that matters."""
