"""The verdict: what SPF, DKIM and DMARC say about a content that has arrived, step by step.

`judge.py` puts the parts together: `spf.py` (RFC 7208), `dkim_check.py` (RFC 6376), `dmarc.py`
(RFC 9989) and `results.py` (RFC 8601). `dkim_sign.py` signs with the sandbox's toy keys. Each part
is a function of facts and of a `look_up` that stands for the DNS (`lookups.py`).
"""
