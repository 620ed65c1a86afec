"""Probing: the rounds of a host's SMTP ports, and what they show, without sending mail."""

from smtplab.probing.advice import Advice as Advice
from smtplab.probing.findings import PortReport as PortReport
from smtplab.probing.findings import ProbeReport as ProbeReport
from smtplab.probing.rounds import PORTS as PORTS
from smtplab.probing.rounds import probe as probe
from smtplab.probing.rounds import probe_port as probe_port
