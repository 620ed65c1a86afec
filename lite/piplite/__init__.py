"""Stands in for the kernel's installer, which it imports: nothing can be installed in this page."""
