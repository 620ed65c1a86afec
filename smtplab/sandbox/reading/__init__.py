"""Reading mail that has arrived: POP3 and IMAP, because SMTP only delivers (RFC 1939, RFC 3501)."""
