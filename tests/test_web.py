"""Fetching from the web: what is refused, waited for, and cut off."""

import socket
import time
from email.utils import formatdate

import pytest

from datasets import DataError
from datasets.making.web import FetchError, NoNetworkError, UnavailableError, addresses
from datasets.making.web.addresses import is_public
from datasets.making.web.fetching import ATTEMPTS, Fetcher, Limits, agent, web_link
from datasets.making.web.pace import LONGEST_SECONDS, Pace
from tests.picture_server import dripping, dripping_headers, endless, picture, serving


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with serving() as running:
        yield running


def fetcher(**limits) -> Fetcher:
    return Fetcher("tests", Limits(**{"allow_private": True, "pause_seconds": 0.0, "seconds": 5.0, **limits}))


def why_not(url: str, **limits) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher(**limits).get(url)
    return caught.value


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("172.16.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address, public):
    assert is_public(address) == public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::1]"])
def test_a_private_host_is_not_asked_however_it_is_written(server, host):
    assert "private address" in str(why_not(f"http://{host}:{server.server_port}/0.jpg", allow_private=False))
    assert not server.asked


def test_a_redirect_to_a_private_address_is_not_followed(server, monkeypatch):
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    link = server.add("/a.jpg", b"", 302, Location=f"http://127.0.0.2:{server.server_port}/secret")
    assert "127.0.0.2 has a private address" in str(why_not(link, allow_private=False))
    assert server.asked == ["/robots.txt", "/a.jpg"]


def test_a_name_is_looked_up_once_so_that_a_second_answer_changes_nothing(server, monkeypatch):
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_port))]
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", server.server_port))]
    answers = [here, there, there]
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.pop(0))
    server.pictures(1)
    error = why_not(f"http://rebinding.example:{server.server_port}/0.jpg", allow_private=False)
    # The first answer was checked and asked for robots.txt, the second one was checked and refused.
    assert "private address" in str(error) and server.asked == ["/robots.txt"] and answers == [there]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/a.jpg", "javascript:1", "/etc/passwd", "", "http://", "//host/a"]
)
def test_nothing_outside_the_web_is_fetched(url):
    assert "http://" in str(why_not(url))


def test_a_redirect_that_leaves_the_web_is_refused(server):
    assert "http://" in str(why_not(server.add("/a", b"", 301, Location="file:///etc/passwd")))


def test_redirects_are_followed_but_not_for_ever(server):
    server.pictures(1)
    moved = fetcher().get(server.add("/a", b"", 301, Location="/0.jpg"))
    assert moved.url == f"{server.url}/0.jpg" and moved.body == picture(0)
    assert "moved more than 5 times" in str(why_not(server.add("/b", b"", 302, Location="/b")))


@pytest.mark.parametrize("behaviour", [dripping, dripping_headers])
def test_a_server_that_sends_a_byte_now_and_then_is_cut_off(server, behaviour):
    server.pages["/slow.jpg"] = behaviour
    began = time.monotonic()
    assert "longer than 0.3 s" in str(why_not(f"{server.url}/slow.jpg", seconds=0.3))
    assert time.monotonic() - began < 1.5 and server.asked.count("/slow.jpg") == 1


def test_a_file_that_is_too_large_is_not_read_to_its_end(server):
    server.pages["/endless.jpg"] = endless
    assert "more than 0.1 MB" in str(why_not(f"{server.url}/endless.jpg", most_bytes=100_000))
    link = server.add("/told.jpg", b"", Content_Length="5000000")
    assert "more than 0.1 MB" in str(why_not(link, most_bytes=100_000))


def test_a_file_that_is_not_there_is_not_asked_for_again(server):
    error = why_not(f"{server.url}/none.jpg")
    assert str(error) == "status 404" and not isinstance(error, UnavailableError)
    assert server.asked.count("/none.jpg") == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server, status):
    server.pages["/a.jpg"] = [(status, {}, b""), (status, {}, b""), (200, {}, picture(1))]
    assert fetcher().get(f"{server.url}/a.jpg").body == picture(1)
    server.add("/b.jpg", b"", status)
    error = why_not(f"{server.url}/b.jpg")
    assert str(error) == f"status {status}" and isinstance(error, UnavailableError)
    assert server.asked.count("/b.jpg") == ATTEMPTS


@pytest.mark.parametrize("is_date", [False, True])
def test_a_server_that_says_when_to_come_back_is_waited_for(server, is_date):
    after = formatdate(time.time() + 100, usegmt=True) if is_date else "100"
    server.pages["/a.jpg"] = [(503, {"Retry-After": after}, b""), (200, {}, picture(1))]
    waits = []
    asking = Fetcher("tests", Limits(allow_private=True, pause_seconds=0.0), sleep=waits.append)
    assert asking.get(f"{server.url}/a.jpg").body and 90 < sum(waits) < 101


def test_a_server_that_asks_for_too_long_a_wait_is_left_alone(server):
    server.add("/a.jpg", b"", 429, Retry_After="3600")
    asking = fetcher()
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"wants to be asked again in 3600 s"):
            asking.get(f"{server.url}/a.jpg")
    assert server.asked.count("/a.jpg") == 1


def test_robots_are_obeyed_by_the_longest_rule_with_wildcards(server):
    server.pictures(2)
    server.pictures(1, "/private")
    server.add("/robots.txt", b"User-agent: *\nDisallow: /private\nDisallow: /*1.jpg$\nAllow: /\n")
    asking = fetcher()
    assert asking.get(f"{server.url}/0.jpg").body
    for path in ("/1.jpg", "/private/0.jpg"):
        with pytest.raises(FetchError, match=r"asks programs not to fetch it \(robots.txt\)"):
            asking.get(server.url + path)
    assert server.asked == ["/robots.txt", "/0.jpg"]


def test_a_redirect_to_what_robots_may_not_fetch_is_refused(server):
    server.add("/robots.txt", b"User-agent: inspection-benchmarks\nDisallow: /private\n")
    server.add("/a", b"", 302, Location="/private/b")
    assert "robots.txt" in str(why_not(f"{server.url}/a")) and "/private/b" not in server.asked


def test_a_host_that_cannot_say_what_robots_may_do_is_not_asked(server):
    server.add("/robots.txt", b"", 503)
    server.pictures(1)
    error = why_not(f"{server.url}/0.jpg")
    assert "robots.txt cannot be read" in str(error) and isinstance(error, UnavailableError)
    assert set(server.asked) == {"/robots.txt"}


def test_a_pause_is_kept_between_requests_and_a_longer_one_where_robots_ask_for_it(server):
    server.pictures(2)
    server.add("/robots.txt", b"User-agent: *\nCrawl-delay: 3\n")
    waits = []
    asking = Fetcher("tests", Limits(allow_private=True, pause_seconds=0.5), sleep=waits.append)
    for number in range(2):
        asking.get(f"{server.url}/{number}.jpg")
    assert [round(wait, 1) for wait in waits] == [0.5, 3.0]


def test_hosts_do_not_wait_for_each_other():
    now, waits = [100.0], []
    pace = Pace(2.0, clock=lambda: now[0], sleep=waits.append)
    pace.wait("a")
    pace.wait("b")
    pace.hold("a", LONGEST_SECONDS + 1)
    pace.wait("b")
    assert waits == [2.0]
    with pytest.raises(UnavailableError, match="a wants to be asked again in 301 s"):
        pace.wait("a")


def test_a_host_that_does_not_answer_is_asked_no_more(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    asking, tried = fetcher(), []
    connected = addresses.connected
    monkeypatch.setattr("datasets.making.web.fetching.connected", lambda *a, **k: tried.append(a) or connected(*a, **k))
    for number in range(3):
        with pytest.raises(UnavailableError, match="does not answer"):
            asking.get(f"http://{host}/{number}.jpg")
    assert len(tried) == ATTEMPTS


def test_without_a_network_it_looks_like_that(monkeypatch):
    def no_answer(*_, **__):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_answer)
    assert isinstance(why_not("http://example.org/a.jpg"), NoNetworkError)


def test_a_proxy_is_not_used_unless_it_is_trusted(server, monkeypatch):
    server.pictures(1)
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: False)
    with pytest.raises(DataError, match="the environment names a proxy"):
        fetcher(allow_private=False).get("http://example.org/0.jpg")
    server.add("http://example.org/0.jpg", picture(0))
    assert fetcher().get("http://example.org/0.jpg").body == picture(0)


def test_passwords_and_places_in_a_page_are_no_part_of_a_link():
    assert web_link(" HTTP://name:secret@Example.org/a b.jpg?x=ä#top ") == "http://example.org/a%20b.jpg?x=%C3%A4"


def test_hosts_are_told_who_asks(server):
    server.pictures(1)
    Fetcher(agent("1.0", "me@example.org"), Limits(allow_private=True, pause_seconds=0)).get(f"{server.url}/0.jpg")
    assert server.agents == {"inspection-benchmarks/1.0 (me@example.org)"}
