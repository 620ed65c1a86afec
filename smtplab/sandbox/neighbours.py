"""Who else is in the little internet, and what the domains publish about their mail.

Each host is an address to send from: `Settings(source="shop.example")`. The zones hold SPF (RFC
7208), DKIM (RFC 6376) and DMARC (RFC 9989) as the lessons want them.
"""

from __future__ import annotations

# The public half of the sandbox's RSA key. Its private half is public, too: a toy.
TOY_KEY = """
toy._domainkey IN TXT (
  "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuFGrRSwA7D0HoVuEE5"
  "YnDNljHPZtJMlhuR/UGTGbVu13G59YsaHLhHt2pAhzHJRDJcLFqObOSvlrbbkWla9of9JKFOHy/Po1BT"
  "9ZlAilG1MDLDdu1RpB/BhKpUyEBQ4/RdUKR1GtpZ/93ejaRQqWeKZWIbUqlHT6fwtC5qCThmxOh1BelT"
  "aVryT1ngXsBBTmu3e92o17WVatj4bzKTCmia49NRqICbXcal6ydmxRcfW6wHKWRDkEBAviB9mb/3DHlH"
  "+NT2PafuG9Khna0phXZ/xRL1qgrUs1THbx/ZsmCa7+J6kyW7D0+n0qCL2eZAkfRBb8+Z5sXc1/BgI+Lh"
  "H/kQIDAQAB"
)
"""

ADDRESSES = {
    "www.example.org": "192.0.2.80",  # a web server with a contact form
    "shop.example": "203.0.113.80",  # sends campaigns
    "codes.example": "203.0.113.90",  # sends one-time codes
    "bank.example": "203.0.113.70",  # what others pretend to be
    "club.co.example": "203.0.113.60",  # below a public suffix
    "spam.example": "198.51.100.66",  # sends what nobody wants
}

# In place of the Public Suffix List, for the comparison with RFC 7489 only.
PUBLIC_SUFFIXES = frozenset({"co.example"})

_SOA = """
$TTL 3600
@      IN SOA ns postmaster 1 7200 900 1209600 3600
@      IN NS  ns
"""

ZONES = {
    # Signs, says which addresses are its own, and asks to treat the rest as suspicious. What it
    # sends to many comes from bounce@news.shop.example: another name, the same organization.
    "shop.example": f"""{_SOA}
@      IN A   203.0.113.80
@      IN TXT "v=spf1 a -all"
news   IN TXT "v=spf1 ip4:203.0.113.80 -all"
_dmarc IN TXT "v=DMARC1; p=quarantine"
{TOY_KEY}""",
    "codes.example": f"""{_SOA}
@      IN A   203.0.113.90
@      IN TXT "v=spf1 a -all"
_dmarc IN TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
{TOY_KEY}""",
    # Whoever claims to be the bank and is not shall be refused.
    "bank.example": f"""{_SOA}
@      IN A   203.0.113.70
@      IN TXT "v=spf1 a -all"
_dmarc IN TXT "v=DMARC1; p=reject; sp=quarantine; np=reject"
{TOY_KEY}""",
    # A spammer can publish everything that is asked for: a pass says who, not how good.
    "spam.example": f"""{_SOA}
@      IN A   198.51.100.66
@      IN TXT "v=spf1 a -all"
_dmarc IN TXT "v=DMARC1; p=none"
{TOY_KEY}""",
    # A public suffix that asks for a policy for all below it (psd=y); RFC 7489 knew none such.
    "co.example": f"""{_SOA}
club   IN A   203.0.113.60
_dmarc IN TXT "v=DMARC1; p=reject; psd=y"
""",
    # A blocklist. 127.0.0.2 is always listed and 127.0.0.1 never (RFC 5782, 5).
    "dnsbl.example": f"""{_SOA}
2.0.0.127       IN A   127.0.0.2
2.0.0.127       IN TXT "a test entry"
66.100.51.198   IN A   127.0.0.2
66.100.51.198   IN TXT "seen sending spam, see http://dnsbl.example/198.51.100.66"
""",
}
