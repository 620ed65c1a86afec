"""Sending many mail objects, and a report on each."""

from smtplab.sending.many import SendInterrupted as SendInterrupted
from smtplab.sending.many import send as send
from smtplab.sending.report import Fate as Fate
from smtplab.sending.report import SendReport as SendReport
from smtplab.sending.report import Sent as Sent
