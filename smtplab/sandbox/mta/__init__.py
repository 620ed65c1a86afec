"""The MTA: takes mail objects from the queue to the next host, or back as a DSN (RFC 5321, 5).

`worker.py` is the loop. Before a session: `timing.py` (when, and until when), `route.py` (to which
hosts), `tls_policy.py` with `mta_sts.py` and `dane.py` (how safely). The session is `hop.py`, which
asks `downgrade.py` what the next host can take and `parameters.py` what it is told. Afterwards:
`outcome.py`, and `notify.py` and `dsn.py` for what the sender hears. `policy_host.py` is the other
side of MTA-STS: the web server of a domain.
"""
