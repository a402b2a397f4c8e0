"""Where webhooks may go: the public internet, and what the host allows beyond it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from launchopt.operations.errors import InvalidInput
from launchopt.operations.webhooks.addresses import (
    AddressRefused,
    addresses_for,
    check_url,
    is_allowed,
    is_public,
)

INSIDE = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
    "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "::ffff:0:0/96",
    "::/96", "64:ff9b::/96", "2001::/32", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10",
    "fec0::/10", "ff00::/8",
]  # fmt: skip


def within(network: str) -> st.SearchStrategy[IPv4Address | IPv6Address]:
    held = ip_network(network)
    return st.integers(0, held.num_addresses - 1).map(lambda number: held[number])


class TestIsPublic:
    @pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.69", "2606:4700::6810:84e5"])
    def test_knows_servers_of_the_internet(self, address):
        assert is_public(ip_address(address))

    @given(address=st.sampled_from(INSIDE).flatmap(within))
    def test_refuses_every_address_of_every_special_network(self, address):
        assert not is_public(address)

    @given(inner=st.ip_addresses(v=4))
    def test_refuses_an_address_hidden_in_another(self, inner):
        for hidden in (f"::ffff:{inner}", f"::{inner}", f"64:ff9b::{inner}"):
            assert not is_public(ip_address(hidden))

    @given(address=st.ip_addresses())
    def test_never_takes_what_the_registries_call_local(self, address):
        if address.is_private or address.is_loopback or address.is_link_local:
            assert not is_public(address)
        if address.is_multicast or address.is_unspecified:
            assert not is_public(address)

    @given(address=st.ip_addresses(), other=st.sampled_from(INSIDE).flatmap(within))
    def test_an_allowed_network_allows_itself_alone(self, address, other):
        networks = [ip_network("10.1.0.0/16")]
        for each in (address, other):
            assert is_allowed(each, networks=networks) == (is_public(each) or each in networks[0])


class TestAddressesFor:
    def test_refuses_a_name_of_which_any_address_is_private(self):
        with pytest.raises(AddressRefused, match=r"shop leads to 10\.0\.0\.7"):
            addresses_for("shop", 443, resolve=lambda *_: ["8.8.8.8", "10.0.0.7"])

    @override_settings(LAUNCHOPT={"WEBHOOK_NETWORKS": ("10.0.0.0/8",)})
    def test_takes_what_a_setting_allows(self):
        assert addresses_for("shop", 443, resolve=lambda *_: ["10.0.0.7"]) == ["10.0.0.7"]


class TestCheckUrl:
    @pytest.mark.parametrize(
        ("url", "fault"),
        [
            ("http://8.8.8.8/", "must begin with https://"),
            ("ftp://8.8.8.8/", "must begin with https://"),
            ("https://", "names no host"),
            ("https://a:b@8.8.8.8/", "user name or password"),
            ("https://127.0.0.1/", "not on the public internet"),
            ("https://localhost/", "not on the public internet"),
            ("https://2130706433/", "not on the public internet"),
            ("https://0x7f.1/", "not on the public internet"),
            ("https://[::ffff:8.8.8.8]/", "not on the public internet"),
            ("https://169.254.169.254/latest/meta-data/", "not on the public internet"),
            ("https://host.invalid/", "has no address"),
            ("https://exa mple/", "no address"),
        ],
    )
    def test_names_what_is_wrong(self, url, fault):
        with pytest.raises(InvalidInput, match=fault) as caught:
            check_url(url)
        assert caught.value.errors[0].pointer == "/url"

    def test_takes_a_public_address(self):
        check_url("https://8.8.8.8:8443/hook?shop=1")
