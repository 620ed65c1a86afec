"""A session as the equivalent commands of swaks, curl, openssl s_client and smtplib."""

from smtplab.translating.curl import as_curl as as_curl
from smtplab.translating.openssl import as_openssl as as_openssl
from smtplab.translating.outline import Place as Place
from smtplab.translating.smtplib import as_smtplib as as_smtplib
from smtplab.translating.swaks import as_swaks as as_swaks
from smtplab.translating.translation import Translation as Translation

TOOLS = {"swaks": as_swaks, "curl": as_curl, "openssl": as_openssl, "smtplib": as_smtplib}
"""Each tool's name and the function that translates for it."""
