"""Lesson 10: right ways and wrong ones."""

from dataclasses import replace
from datetime import timedelta

from smtplab import Settings, VerdictCard
from smtplab.lessons import signed_in

SHOP = "news@shop.example"
FIVE_MINUTES = timedelta(minutes=5)


def write(author, body="Hello."):
    fields = f"From: {author}\r\nSubject: Hello\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
    return f"{fields}Message-ID: <1@sender.example>\r\n\r\n{body}\r\n".encode()


def bring(sandbox, source, reverse_path, content, forward_path="bob@example.net"):
    client = sandbox.connect("mx.example.net", 25, settings=Settings(source=source))
    client.ehlo(source)
    client.mail(reverse_path)
    if client.rcpt(forward_path).is_positive:
        client.data()
        client.content(content)
    client.quit()


def with_record(sandbox, record, source="www.example.org", name="@"):
    sandbox.zones.replace("shop.example", f'{name} IN TXT "{record}"')
    bring(sandbox, source, SHOP, write(SHOP))


# 10.1


def named_by_address(sandbox):
    with_record(sandbox, "v=spf1 a ip4:192.0.2.80 -all")


def named_by_name(sandbox):
    bring(sandbox, "www.example.org", SHOP, write(SHOP))
    with_record(sandbox, "v=spf1 a a:www.example.org ~all")


def not_published(sandbox):
    bring(sandbox, "www.example.org", SHOP, write(SHOP))


def published_too_late(sandbox):
    not_published(sandbox)
    sandbox.zones.replace("shop.example", '@ IN TXT "v=spf1 a ip4:192.0.2.80 -all"')


def open_to_all(sandbox):
    with_record(sandbox, "v=spf1 +all")


def open_to_all_and_put_back(sandbox):
    open_to_all(sandbox)
    sandbox.zones.replace("shop.example", '@ IN TXT "v=spf1 a -all"')


def open_at_the_end(sandbox):
    with_record(sandbox, "v=spf1 a ip4:192.0.2.80 ?all")


def open_to_the_neighbours(sandbox):
    with_record(sandbox, "v=spf1 a ip4:192.0.2.0/24 -all")


def open_to_one_neighbour(sandbox):
    with_record(sandbox, "v=spf1 a ip4:192.0.2.80/31 -all")


def open_to_the_neighbours_of_the_old_one(sandbox):
    with_record(sandbox, "v=spf1 a/30 ip4:192.0.2.80 -all")


def repaired_and_opened_later(sandbox):
    named_by_address(sandbox)
    sandbox.zones.replace("shop.example", '@ IN TXT "v=spf1 +all"')


def named_by_another_record(sandbox):
    text = "v=spf1 ip4:203.0.113.80 ip4:192.0.2.80/32 -all"
    sandbox.zones.replace("shop.example", f'_spf IN TXT "{text}"')
    with_record(sandbox, "V=SPF1 redirect=_spf.shop.example")


def old_server_forgotten(sandbox):
    with_record(sandbox, "v=spf1 ip4:192.0.2.80 -all")


def only_the_author_is_the_shop(sandbox):
    bring(sandbox, "www.example.org", "alice@example.org", write(SHOP))


# 10.2


def signed_by_the_shop(sandbox):
    content = sandbox.dkim_signed(write(SHOP), "shop.example")
    bring(sandbox, "codes.example", SHOP, content)


def signed_by_two(sandbox):
    content = sandbox.dkim_signed(write(SHOP), "shop.example")
    content = sandbox.dkim_signed(content, "codes.example")
    bring(sandbox, "spam.example", "bounce@shop.example", content)


def signed_and_handed_in_at_the_provider(sandbox):
    client = signed_in(sandbox)
    client.mail(SHOP)
    client.rcpt("Bob@Example.Net")
    client.data()
    client.content(sandbox.dkim_signed(write(SHOP), "shop.example"))
    client.quit()


def signed_for_somebody_else(sandbox):
    content = sandbox.dkim_signed(write(SHOP), "shop.example")
    bring(sandbox, "codes.example", SHOP, content, "postmaster@example.net")


def signed_by_another(sandbox):
    content = sandbox.dkim_signed(write(SHOP), "codes.example")
    bring(sandbox, "codes.example", SHOP, content)


def changed_after_signing(sandbox):
    content = sandbox.dkim_signed(write(SHOP), "shop.example")
    bring(sandbox, "codes.example", SHOP, content.replace(b"Hello.", b"Hallo."))


def spf_passed(sandbox):
    content = sandbox.dkim_signed(write(SHOP), "shop.example")
    bring(sandbox, "shop.example", SHOP, content)


def signed_but_junk(sandbox):
    text = "You have won the lottery: http://198.51.100.66/ is risk free.\r\n"
    links = '<a href="http://spam.example/">www.bank.example</a>'
    content = sandbox.dkim_signed(write(SHOP, text + links), "shop.example")
    bring(sandbox, "codes.example", SHOP, content)


# 10.3


def came_back_by_hand(sandbox):
    for _ in range(2):
        bring(sandbox, "shop.example", SHOP, write(SHOP), "grey@example.net")
        sandbox.clock.advance(FIVE_MINUTES)


def by_the_queue(sandbox):
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("grey@example.net")
    client.data()
    client.content(write("alice@example.org"))
    client.quit()
    sandbox.settle()
    sandbox.clock.advance(timedelta(minutes=30))


def by_smtplib_and_the_queue(sandbox):
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login("alice@example.org", "looking-glass")
    server.sendmail("alice@example.org", ["GREY@example.net"], write("alice@example.org"))
    server.quit()
    sandbox.settle()
    sandbox.clock.advance(timedelta(hours=1))


def grey_list_switched_off(sandbox):
    once_and_never_again(sandbox)
    mailbox = sandbox.mailbox("grey@example.net")
    mailbox.terms = replace(mailbox.terms, greylisted=False)
    bring(sandbox, "shop.example", SHOP, write(SHOP), "grey@example.net")


def another_address_each_time(sandbox):
    for source in ("shop.example", "codes.example", "www.example.org"):
        bring(sandbox, source, SHOP, write(SHOP), "grey@example.net")
        sandbox.clock.advance(FIVE_MINUTES)


def once_and_never_again(sandbox):
    bring(sandbox, "shop.example", SHOP, write(SHOP), "grey@example.net")


def too_soon(sandbox):
    for _ in range(3):
        bring(sandbox, "shop.example", SHOP, write(SHOP), "grey@example.net")
        sandbox.clock.advance(timedelta(minutes=1))


def another_reverse_path_each_time(sandbox):
    for name in ("a", "b", "c"):
        bring(sandbox, "shop.example", f"{name}@shop.example", write(SHOP), "grey@example.net")
        sandbox.clock.advance(FIVE_MINUTES)


def to_bob_instead(sandbox):
    bring(sandbox, "shop.example", SHOP, write(SHOP))


# 10.4


def forge(sandbox, source="spam.example"):
    bring(sandbox, source, f"x@{source}", write(SHOP))


def with_policy(sandbox, policy, *sources):
    sandbox.zones.replace("shop.example", f'_dmarc IN TXT "v=DMARC1; {policy}"')
    for source in sources:
        if source == "shop.example":
            bring(sandbox, source, SHOP, write(SHOP))
        else:
            forge(sandbox, source)


def reject(sandbox):
    with_policy(sandbox, "p=reject", "spam.example", "shop.example")


def reject_strictly_by_card(sandbox):
    card = VerdictCard(sandbox)
    card.send("shop")
    card.publish(DMARC="v=DMARC1; p=reject; adkim=s")
    card.send("spammer", author="The shop <offers@shop.example>")
    card.send("shop")


def reject_and_signed(sandbox):
    with_policy(sandbox, "p=reject", "spam.example")
    content = sandbox.dkim_signed(write(SHOP), "shop.example")
    bring(sandbox, "shop.example", SHOP, content)


def only_names_below(sandbox):
    sandbox.zones.replace("shop.example", '_dmarc IN TXT "v=DMARC1; p=none; sp=reject"')
    bring(sandbox, "spam.example", "x@spam.example", write("x@eu.shop.example"))
    bring(sandbox, "shop.example", SHOP, write(SHOP))


def only_quarantine(sandbox):
    with_policy(sandbox, "p=quarantine", "spam.example", "shop.example")


def reject_in_test_mode(sandbox):
    with_policy(sandbox, "p=reject; t=y", "spam.example", "shop.example")


def own_mail_not_tried(sandbox):
    with_policy(sandbox, "p=reject", "spam.example")


def own_mail_before_the_policy(sandbox):
    bring(sandbox, "shop.example", SHOP, write(SHOP))
    with_policy(sandbox, "p=reject", "spam.example")


def own_mail_after_the_policy_was_taken_back(sandbox):
    with_policy(sandbox, "p=reject", "spam.example")
    with_policy(sandbox, "p=none", "shop.example")


def own_mail_refused_as_well(sandbox):
    sandbox.zones.replace("shop.example", '@ IN TXT "v=spf1 -all"')
    with_policy(sandbox, "p=reject", "spam.example", "shop.example")


def forged_the_bank(sandbox):
    bring(sandbox, "spam.example", "x@spam.example", write("service@bank.example"))


RIGHT = {
    "10.1": (named_by_address, named_by_name, named_by_another_record),
    "10.2": (signed_by_the_shop, signed_by_two, signed_and_handed_in_at_the_provider),
    "10.3": (came_back_by_hand, by_the_queue, by_smtplib_and_the_queue),
    "10.4": (reject, reject_strictly_by_card, reject_and_signed),
}

WRONG = {
    "10.1": (
        (only_the_author_is_the_shop, "with a reverse-path at shop.example"),
        (not_published, "does not name 192.0.2.80 yet"),
        (published_too_late, "send again after you have published"),
        (open_to_all, "a record that is not open to all"),
        (open_to_all_and_put_back, "a record that is not open to all"),
        (open_at_the_end, "must end in -all or ~all"),
        (open_to_the_neighbours, "a range such as /24 lets in too many"),
        (open_to_one_neighbour, "a range such as /24 lets in too many"),
        (open_to_the_neighbours_of_the_old_one, "a range such as /24 lets in too many"),
        (repaired_and_opened_later, "a record that is not open to all"),
        (old_server_forgotten, "it must still name 203.0.113.80"),
    ),
    "10.2": (
        (spf_passed, "and for which SPF says fail"),
        (signed_by_another, "Another domain's does not help"),
        (changed_after_signing, "nothing may change after signing"),
        (signed_for_somebody_else, "DMARC pass, and the mail in Bob's Inbox."),
        (signed_but_junk, "DMARC pass, and the mail in Bob's Inbox."),
    ),
    "10.3": (
        (to_bob_instead, "a first attempt for grey@example.net"),
        (once_and_never_again, "at least five minutes later on the world clock"),
        (too_soon, "at least five minutes later on the world clock"),
        (another_reverse_path_each_time, "same reverse-path"),
        (another_address_each_time, "same address"),
        (grey_list_switched_off, "The grey list stays on."),
    ),
    "10.4": (
        (forged_the_bank, "a refusal by the DMARC policy of shop.example"),
        (only_quarantine, "Change p= in the record"),
        (only_names_below, "a refusal by the DMARC policy of shop.example"),
        (reject_in_test_mode, "a refusal by the DMARC policy of shop.example"),
        (own_mail_not_tried, "a genuine mail, from shop.example itself"),
        (own_mail_before_the_policy, "sent after the refusal"),
        (own_mail_after_the_policy_was_taken_back, "under the same policy"),
        (own_mail_refused_as_well, "a genuine mail, from shop.example itself"),
    ),
}
