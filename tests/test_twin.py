"""A twin: what the same steps would meet in a world as this one was at first."""

import pytest

from smtplab import Sandbox


def challenge(sandbox):
    client = sandbox.connect(port=465)
    client.ehlo()
    try:
        return client.send_raw(b"AUTH CRAM-MD5\r\n").texts
    finally:
        client.close()


def test_a_twin_has_the_same_seed_and_the_same_plainness_and_nothing_of_the_past():
    with Sandbox("memory", seed=7) as sandbox, sandbox.twin() as twin:
        assert challenge(twin) == challenge(sandbox)
    with Sandbox("memory", plain=True) as plain, plain.twin() as twin, Sandbox("memory") as full:
        offers = [sandbox.connect("mx.example.net", 25) for sandbox in (plain, twin, full)]
        said = [client.ehlo().texts for client in offers]
        for client in offers:
            client.close()
    assert said[0] == said[1] != said[2]


def test_a_sandbox_with_a_store_has_no_twin(tmp_path):
    with Sandbox("memory", store=tmp_path / "store") as sandbox:
        with pytest.raises(ValueError, match="store"):
            sandbox.twin()
