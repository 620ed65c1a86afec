"""Lesson 13: right ways and wrong ones."""

from datetime import timedelta
from email.message import EmailMessage

from smtplab import Envelope, MailObject, Settings, from_email, send
from smtplab.lessons import signed_in

VISITOR, BOB, GREY = "customer@bank.example", "bob@example.net", "grey@example.net"
READERS = (BOB, "small@example.net", "postmaster@example.net")


def letter(author, to, subject, text="Hello\n", message_id="<1@www.example.org>", **fields):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = author, to, subject
    mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0000"
    if message_id:
        mail["Message-ID"] = message_id
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return from_email(mail)


def from_host(sandbox, source):
    def connect():
        settings = Settings(source=source)
        client = sandbox.connect("mx.example.net", 25, settings=settings)
        client.ehlo()
        return client

    return connect


# 13.1


def form(sandbox, author="alice@example.org", **fields):
    send([letter(author, BOB, "Form", **fields)], lambda: signed_in(sandbox))


def form_through_the_provider(sandbox):
    form(sandbox, Reply_To=VISITOR)


def form_with_a_name_by_smtplib(sandbox):
    mail = EmailMessage()
    mail["From"], mail["To"] = "Web form <alice@example.org>", BOB
    mail["Reply-To"] = f"A customer <{VISITOR}>"
    mail.set_content("Open on Sunday?\n")
    with sandbox.smtplib() as server:
        server.starttls()
        server.login("alice@example.org", "looking-glass")
        server.send_message(mail)


def form_signed_by_its_host(sandbox):
    mail = letter("form@example.org", BOB, "Form", Reply_To=VISITOR)
    signed = MailObject(mail.envelope, sandbox.dkim_signed(mail.content, "example.org"))
    send([signed], from_host(sandbox, "www.example.org"))


def form_in_a_chunk(sandbox):
    mail = letter("alice@example.org", BOB, "Form", Reply_To="<CUSTOMER@Bank.example>")
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt(BOB)
    client.bdat(mail.content, last=True)


def form_with_the_visitor_as_a_name(sandbox):
    form(sandbox, Reply_To=f'"Not {VISITOR}" <alice@example.org>', To_Read=VISITOR)


def form_for_somebody_like_the_visitor(sandbox):
    form(sandbox, Reply_To=f"not-{VISITOR}")


def form_in_the_visitor_s_name(sandbox):
    form(sandbox, VISITOR, Reply_To=VISITOR, Sender="alice@example.org")


def form_without_reply_to(sandbox):
    form(sandbox)


def form_as_an_unknown_domain(sandbox):
    form(sandbox, "form@site.example", Reply_To=VISITOR, Sender="alice@example.org")


def form_without_a_proof(sandbox):
    mail = letter("form@example.org", BOB, "Form", Reply_To=VISITOR)
    send([mail], from_host(sandbox, "www.example.org"))


# 13.2


def alert_twice_tried(sandbox):
    mail = letter("alerts@example.org", GREY, "Disk full")
    send([mail], from_host(sandbox, "www.example.org"))
    sandbox.clock.advance(timedelta(minutes=30))
    send([mail], from_host(sandbox, "www.example.org"))


def alert_through_the_queue(sandbox):
    send([letter("alice@example.org", GREY, "Disk full")], lambda: signed_in(sandbox))
    sandbox.clock.advance(timedelta(hours=1))


def alert_by_smtplib(sandbox):
    mail = letter("alice@example.org", GREY, "Disk full")
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login("alice@example.org", "looking-glass")
    server.sendmail("alice@example.org", ["GREY@example.net"], mail.content)
    server.quit()
    sandbox.settle()
    sandbox.clock.advance(timedelta(minutes=30))


def alert_delivered_again(sandbox):
    alert_twice_tried(sandbox)
    mail = letter("alerts@example.org", GREY, "Disk full")
    send([mail], from_host(sandbox, "www.example.org"))


def alert_and_forget(sandbox):
    mail = letter("alerts@example.org", GREY, "Disk full")
    send([mail], from_host(sandbox, "www.example.org"))


def alert_that_was_never_put_off(sandbox):
    send([letter("alerts@example.org", BOB, "Disk full")], from_host(sandbox, "www.example.org"))


def alert_twice_delivered(sandbox):
    alert_twice_tried(sandbox)
    mail = letter("alerts@example.org", GREY, "Disk full", message_id="<2@www.example.org>")
    send([mail], from_host(sandbox, "www.example.org"))


def alert_without_message_id(sandbox):
    mail = letter("alerts@example.org", GREY, "Disk full", message_id="")
    for _ in range(2):
        send([mail], from_host(sandbox, "www.example.org"))
        sandbox.clock.advance(timedelta(minutes=30))


# 13.3

WAY_OUT = {
    "List_Unsubscribe": "<https://shop.example/leave/7>",
    "List_Unsubscribe_Post": "List-Unsubscribe=One-Click",
}


def news(sandbox, *, signs=True, source="shop.example", to="", path="bounce+{}", **fields):
    mails = []
    for number, reader in enumerate(READERS):
        mail = letter(
            "news@shop.example", to or reader, "Autumn teas", "Ten new teas.\n",
            message_id=f"<{number}@shop.example>", **fields,
        )  # fmt: skip
        octets = sandbox.dkim_signed(mail.content, "shop.example") if signs else mail.content
        envelope = Envelope(f"{path.format(number)}@news.shop.example", (reader,))
        mails.append(MailObject(envelope, octets))
    send(mails, from_host(sandbox, source))


def news_one_by_one(sandbox):
    news(sandbox, **WAY_OUT)


def news_with_a_mailbox_too(sandbox):
    leave = "<mailto:leave@shop.example>, <https://shop.example/leave/7>"
    news(sandbox, path="news-{}", **(WAY_OUT | {"List_Unsubscribe": leave}))


def news_in_one_envelope(sandbox):
    mail = letter("news@shop.example", ", ".join(READERS), "Autumn teas", **WAY_OUT)
    send([mail], from_host(sandbox, "shop.example"))


def news_that_shows_everybody(sandbox):
    news(sandbox, to=", ".join(READERS), **WAY_OUT)


def news_without_a_way_out(sandbox):
    news(sandbox)


def news_by_mailto_only(sandbox):
    news(sandbox, **(WAY_OUT | {"List_Unsubscribe": "<mailto:leave@shop.example>"}))


def news_unsigned(sandbox):
    news(sandbox, signs=False, **WAY_OUT)


def news_with_one_reverse_path(sandbox):
    news(sandbox, path="bounce", **WAY_OUT)


def news_from_elsewhere(sandbox):
    news(sandbox, source="www.example.org", **WAY_OUT)


# 13.4


def code(sandbox, subject="Your sign-in code", source="codes.example", text="", **fields):
    to, text = "small@example.net", text or "Your code: 112358\n"
    mail = letter("login@codes.example", to, subject, text, **fields)
    send([mail], from_host(sandbox, source))


def code_from_its_host(sandbox):
    code(sandbox, Auto_Submitted="auto-generated")


def code_signed_from_elsewhere(sandbox):
    mail = letter(
        "login@codes.example", "small@example.net", "Sign in", "112358 is your code.\n",
        Auto_Submitted="auto-generated",
    )  # fmt: skip
    signed = MailObject(mail.envelope, sandbox.dkim_signed(mail.content, "codes.example"))
    send([signed], from_host(sandbox, "www.example.org"))


def code_in_base64(sandbox):
    mail = EmailMessage()
    mail["From"], mail["To"] = "Sign in <login@codes.example>", "small@example.net"
    mail["Subject"], mail["Date"] = "Sign in", "Mon, 02 Mar 2026 09:00:00 +0000"
    mail["Auto-Submitted"] = "Auto-Generated; owner-email=owner@codes.example"
    mail["Message-ID"] = "<1@codes.example>"
    mail.set_content("Grüße. Your code: 112358\n", cte="base64")
    send([from_email(mail)], from_host(sandbox, "codes.example"))


def code_in_groups_in_the_subject(sandbox):
    code(sandbox, "Your code is 112-358", Auto_Submitted="auto-generated")


def code_of_seven_digits(sandbox):
    code(sandbox, text="Your code: 1123581\n", Auto_Submitted="auto-generated")


def code_with_a_word_of_its_own(sandbox):
    code(sandbox, Auto_Submitted="auto-generated-code")


def code_from_another_host(sandbox):
    code(sandbox, source="www.example.org", Auto_Submitted="auto-generated")


def code_in_the_subject(sandbox):
    code(sandbox, "112358 is your code", Auto_Submitted="auto-generated")


def code_that_may_be_answered(sandbox):
    code(sandbox)


def no_code(sandbox):
    code(sandbox, text="Please sign in.\n", Auto_Submitted="auto-generated")


RIGHT = {
    "13.1": (
        form_through_the_provider,
        form_with_a_name_by_smtplib,
        form_signed_by_its_host,
        form_in_a_chunk,
    ),
    "13.2": (alert_twice_tried, alert_through_the_queue, alert_by_smtplib),
    "13.3": (news_one_by_one, news_with_a_mailbox_too),
    "13.4": (code_from_its_host, code_signed_from_elsewhere, code_in_base64),
}
NO_FORM = "a mail in Bob's Inbox with the header field Reply-To: customer@bank.example"
NO_NEWS = "a mail with the Subject Autumn teas in three Inboxes"
WRONG = {
    "13.1": (
        (form_in_the_visitor_s_name, NO_FORM),
        (form_without_reply_to, NO_FORM),
        (form_with_the_visitor_as_a_name, NO_FORM),
        (form_for_somebody_like_the_visitor, NO_FORM),
        (form_as_an_unknown_domain, "From with a mailbox of example.org"),
        (form_without_a_proof, "a mail for which DMARC passes"),
    ),
    "13.2": (
        (alert_and_forget, "451 means later: turn the world clock"),
        (alert_that_was_never_put_off, "that got the reply 451, from www.example.org"),
        (alert_twice_delivered, "one copy only"),
        (alert_delivered_again, "one copy only"),
        (alert_without_message_id, "and a Message-ID in the Inbox"),
    ),
    "13.3": (
        (news_in_one_envelope, NO_NEWS),
        (news_from_elsewhere, NO_NEWS),
        (news_that_shows_everybody, "a To with one mailbox in it"),
        (news_without_a_way_out, "the two header fields of one-click unsubscription"),
        (news_by_mailto_only, "the two header fields of one-click unsubscription"),
        (news_unsigned, "a DKIM signature that covers both fields"),
        (news_with_one_reverse_path, "three different reverse-paths"),
    ),
    "13.4": (
        (code_from_another_host, "If it was refused, look at which host sent it"),
        (no_code, "six digits in its body"),
        (code_of_seven_digits, "six digits in its body"),
        (code_in_groups_in_the_subject, "a Subject without the code"),
        (code_with_a_word_of_its_own, "tells other programs not to answer"),
        (code_in_the_subject, "a Subject without the code"),
        (code_that_may_be_answered, "tells other programs not to answer"),
    ),
}
