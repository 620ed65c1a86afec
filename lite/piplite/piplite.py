"""The kernel writes its settings into this module."""
