"""`make images`, from links or a search to pictures that belong together, against a server of this machine."""

import csv
import io
import json
import shutil
import socket

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.errors import UsageError
from benchmarks.images import read_image
from datasets import DataError
from datasets.making import cells, links, openverse
from datasets.making.links import Link
from datasets.making.web.fetching import Fetcher
from methods import MethodError
from tests.picture_server import picture, serving
from tests.random_weights import written


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with serving() as running:
        yield running


def make(*words):
    done = CliRunner().invoke(app, ["make", "images", *map(str, words), "--allow-private", "--pause", "0"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def listed(folder, urls, category="nut", name="img_url.json"):
    """A list of links as DSAII publishes it."""
    entries = [{"img_path": f"./{category}/{number:03}.png", "url": url} for number, url in enumerate(urls, start=1)]
    (folder / name).write_text(json.dumps(entries))
    return folder / name


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_published_list_becomes_pictures_that_masks_and_defects_take(server, tmp_path):
    server.pictures(5)
    png = server.add("/5.jpg", picture(5, format="PNG"))
    made = make(listed(tmp_path, [f"{server.url}/{number}.jpg" for number in range(5)] + [png]), "--to", tmp_path / "p")
    assert made.exit_code == 0, made.output
    assert "nut: 6 of 6 pictures kept, at most 20" in made.output
    assert names(tmp_path / "p") == [
        "SOURCES.csv",
        "images.csv",
        "made_by.json",
        "nut/contact_sheet.png",
        "nut/img_url.json",
        *(f"nut/normal/00{number}.jpg" for number in range(5)),
        "nut/normal/005.png",  # named by what it is
    ]
    assert (tmp_path / "p/nut/normal/003.jpg").read_bytes() == picture(3)
    assert json.loads((tmp_path / "p/nut/img_url.json").read_text())[3] == {
        "img_path": "./nut/normal/003.jpg",
        "url": f"{server.url}/3.jpg",
    }
    words = ["--textures", "nut", "--to", tmp_path / "masks"]
    assert CliRunner().invoke(app, list(map(str, ["make", "masks", tmp_path / "p", *words]))).exit_code == 0
    words = ["--masks", tmp_path / "masks", "--to", tmp_path / "made"]
    done = CliRunner().invoke(app, list(map(str, ["make", "defects", tmp_path / "p", *words])))
    assert done.exit_code == 0 and "0 errors" in done.output, done.output
    assert (tmp_path / "made/SOURCES.csv").read_bytes() == (tmp_path / "p/SOURCES.csv").read_bytes()
    assert json.loads((tmp_path / "made/synthetic_tidy_v2/nut/img_url.json").read_text())[5]["url"] == png


def test_what_is_no_picture_or_does_not_fit_is_listed_and_the_rest_kept(server, tmp_path):
    huge = io.BytesIO()
    Image.new("1", (3000, 3000)).save(huge, format="PNG")  # a few bytes that become nine million pixels
    links = server.pictures(1)
    bad = {
        server.add("/page.jpg", b"<!DOCTYPE html><html>gone</html>"): "it is no picture, but a web page",
        server.add("/huge.png", huge.getvalue()): "9 million pixels (3000x3000), and 1 are allowed",
        server.add("/half.jpg", picture(3)[:900]): "it cannot be read as an image",
        server.add("/dot.png", picture(4, size=(10, 80))): "its shorter side has 10 pixels, and 64 are asked",
        server.add("/large.jpg", bytes(200_000)): "it has more than 0.1 MB (--megabytes)",
        server.add("/drawing.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n"): "it is no picture",
        f"{server.url}/none.jpg": "status 404",
        "file:///etc/hostname": "only links that begin with http:// or https:// are fetched",
    }
    options = ["--to", tmp_path / "p", "--megapixels", "1", "--megabytes", "0.1"]
    made = make(listed(tmp_path, [*links, *bad]), *options)
    assert made.exit_code == 1 and "warning nut: 1 of 1 pictures kept, at most 20; 8 links failed" in made.output
    rows = {row["url"]: row["why_not"] for row in table(tmp_path / "p/images.csv") if not row["image"]}
    assert rows.keys() == bad.keys()
    for url, why in bad.items():
        assert why in rows[url] and f"warning nut: {url}: {rows[url]}" in made.output
        assert str(tmp_path) not in rows[url]
    assert names(tmp_path / "p/nut/normal") == ["000.jpg"]
    assert make(listed(tmp_path, [*links, *bad]), *options).exit_code == 1  # said again, and not fetched again
    assert server.asked.count("/none.jpg") == 1


def test_failed_links_are_no_fault_where_there_are_enough_pictures(server, tmp_path):
    file = listed(tmp_path, [*server.pictures(3), f"{server.url}/none.jpg"])
    made = make(file, "--to", tmp_path / "p", "--keep", 2)
    assert made.exit_code == 0 and "nut: 2 of 3 pictures kept, at most 2; 1 links failed" in made.output


def test_a_search_keeps_whose_pictures_they_are(server, tmp_path):
    titles = ['=HYPERLINK("x")', "+1", "-1", "@x", "a\n\tb", *"fghijklmnopqrstuvwxyz"]
    for number, (title, url) in enumerate(zip(titles, server.pictures(len(titles)), strict=True)):
        server.results.append(
            {
                "url": url,
                "title": title,
                "creator": None if number else "Ada",
                "creator_url": "https://example.org/ada",
                "license": "by" if number % 2 else "cc0",
                "license_url": "https://creativecommons.org/licenses/by/4.0/",
                "source": "flickr",
                "foreign_landing_url": f"https://example.org/{number}",
            }
        )
    server.results.insert(0, {**server.results[0], "license": "by-nc", "url": f"{server.url}/not-asked.jpg"})
    words = ["--search", "audio cable", "--openverse", server.url, "--licence", "cc0,by", "--to", tmp_path / "p"]
    made = make(*words, "--keep", 40)
    assert made.exit_code == 0 and f"audio cable: {len(titles)} of {len(titles)} pictures" in made.output
    assert [path for path in server.asked if path.startswith("/v1")] == [
        f"/v1/images/?q=audio+cable&license=cc0%2Cby&page_size=20&page={page}" for page in (1, 2)
    ]
    rows = table(tmp_path / "p/SOURCES.csv")
    assert [row["title"] for row in rows[:5]] == ['\'=HYPERLINK("x")', "'+1", "'-1", "'@x", "a b"]
    assert rows[0] == {
        "category": "audio cable",
        "image": "000.jpg",
        "url": f"{server.url}/0.jpg",
        "title": '\'=HYPERLINK("x")',
        "creator": "Ada",
        "creator_url": "https://example.org/ada",
        "licence": "cc0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "source": "flickr",
        "page": "https://example.org/0",
        "found_at": f"{server.url}/0.jpg",
        "sha256": rows[0]["sha256"],
    }
    assert (
        json.loads((tmp_path / "p/made_by.json").read_text())["licence"] == "cc0, by; that of each picture: SOURCES.csv"
    )
    again = make(tmp_path / "p/SOURCES.csv", "--to", tmp_path / "again", "--keep", 40)  # it is a list, too
    assert again.exit_code == 0
    assert (tmp_path / "again/SOURCES.csv").read_bytes() == (tmp_path / "p/SOURCES.csv").read_bytes()
    some = make(tmp_path / "p/SOURCES.csv", "--to", tmp_path / "some", "--licence", "by")
    assert "13 of 26 links have no licence of --licence" in some.output
    assert {row["licence"] for row in table(tmp_path / "some/SOURCES.csv")} == {"by"}


def test_only_so_many_pictures_of_a_search_are_fetched(server, tmp_path):
    server.results = [{"url": url, "license": "by"} for url in server.pictures(30)]
    make("--search", "nut", "--openverse", server.url, "--candidates", 3, "--to", tmp_path / "p")
    assert sum(path.endswith(".jpg") for path in server.asked) == 3
    assert "license=cc0%2Cpdm%2Cby%2Cby-sa" in server.asked[0]  # what may be changed, as nothing else is asked for


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"<html>", "answers no JSON"),
        (b"{}", "answers without results"),
        (b'{"results": [1]}', "results of an unknown form"),
        (b'{"results": []}', "finds nothing under the licences cc0"),
    ],
)
def test_an_answer_that_is_none_of_openverse_is_one_sentence(body, sentence):
    with pytest.raises(DataError, match=sentence):
        found = openverse.search("nut", ["cc0"], ask=lambda url: body, most=5)
        if not found:
            raise DataError("finds nothing under the licences cc0")


def test_a_licence_that_nobody_knows_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match=r"unknown licence 'cc1': did you mean 'cc0'\?"):
        make("--search", "nut", "--licence", "cc1", "--to", tmp_path / "p")


def test_copies_and_near_duplicates_are_put_aside(server, tmp_path):
    urls = server.pictures(6)
    copy = server.add("/copy.jpg", picture(2))
    same = io.BytesIO()
    Image.open(io.BytesIO(picture(4))).resize((180, 160)).save(same, format="PNG")
    larger = server.add("/larger.png", same.getvalue())
    assert make(listed(tmp_path, [*urls, copy, larger, urls[0]]), "--to", tmp_path / "p").exit_code == 0
    aside = {row["url"]: row["why_not"] for row in table(tmp_path / "p/images.csv") if row["kept"] == "no"}
    assert aside == {copy: f"near-duplicate of {urls[2]}", larger: f"near-duplicate of {urls[4]}"}
    assert names(tmp_path / "p/nut/not_kept") == ["006.jpg", "007.png"]


@pytest.fixture
def weights(tmp_path):
    return written("alexnet", tmp_path)


def test_the_pictures_closest_to_the_representative_one_are_kept(server, tmp_path, weights):
    dark, light = server.pictures(5, "/dark", colour=60), server.pictures(5, "/light", colour=200)
    mixed = [url for pair in zip(dark, light, strict=True) for url in pair]
    (tmp_path / "like").mkdir()
    (tmp_path / "like/nut.jpg").write_bytes(picture(77, colour=200))
    options = ["--representative", tmp_path / "like", "--keep", 5, "--weights", weights]
    assert make(listed(tmp_path, mixed), "--to", tmp_path / "p", *options).exit_code == 0
    rows = table(tmp_path / "p/images.csv")
    assert {row["url"] for row in rows if row["kept"] == "yes"} == set(light)
    assert {row["why_not"] for row in rows if row["kept"] == "no"} == {"farther from the representative pictures"}
    distances = [float(row["distance"]) for row in rows]
    assert distances == sorted(distances)
    assert len(names(tmp_path / "p/nut/not_kept")) == 5  # none is lost
    sheet = read_image(tmp_path / "p/nut/contact_sheet.png")
    assert sheet.shape[0] > 250 and sheet.shape[1] > 1000  # eleven pictures in two rows


def test_a_representative_picture_of_no_category_is_refused(server, tmp_path):
    both = [listed(tmp_path, server.pictures(1), name, f"{name}.json") for name in ("nut", "bolt")]
    (tmp_path / "gear.jpg").write_bytes(picture(0))
    with pytest.raises(UsageError, match=r"gear.jpg: name it after its category; there are 2 \(nut, bolt\)"):
        make(*both, "--representative", tmp_path / "gear.jpg", "--to", tmp_path / "p")
    with pytest.raises(UsageError, match="no such file or folder"):
        make(*both, "--representative", tmp_path / "none.jpg", "--to", tmp_path / "p")


def test_weights_that_are_not_there_are_said_before_anything_is_fetched(server, tmp_path):
    (tmp_path / "nut.jpg").write_bytes(picture(0))
    options = ["--representative", tmp_path / "nut.jpg", "--weights", tmp_path / "none.pth"]
    with pytest.raises((UsageError, MethodError), match=r"none.pth"):
        make(listed(tmp_path, server.pictures(1)), *options, "--to", tmp_path / "p")
    assert not server.asked


def test_a_stopped_making_goes_on_where_it_was(server, tmp_path, monkeypatch):
    file = listed(tmp_path, [*server.pictures(4), f"{server.url}/none.jpg"])
    get, done = Fetcher.get, []

    def stop_at_the_third(self, url):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(url)
        return get(self, url)

    monkeypatch.setattr(Fetcher, "get", stop_at_the_third)
    assert make(file, "--to", tmp_path / "p").exit_code == 130 and not (tmp_path / "p").exists()
    monkeypatch.setattr(Fetcher, "get", get)
    make(file, "--to", tmp_path / "p")
    assert sorted(server.asked) == ["/0.jpg", "/1.jpg", "/2.jpg", "/3.jpg", "/none.jpg", "/robots.txt", "/robots.txt"]
    assert names(tmp_path / "p/nut/normal") == ["000.jpg", "001.jpg", "002.jpg", "003.jpg"]
    assert not [name for name in names(tmp_path / "p") if "fetched" in name]


def test_what_failed_and_may_pass_is_tried_again_and_what_was_searched_is_not(server, tmp_path):
    server.results = [{"url": f"{server.url}/{name}", "license": "by"} for name in ("busy.jpg", "none.jpg")]
    server.add("/busy.jpg", b"", 503)
    words = ["--search", "nut", "--openverse", server.url, "--to", tmp_path / "p"]
    with pytest.raises(DataError, match=r"none of 2 links leads to a picture; the first: .*busy.jpg: status 503"):
        make(*words)
    server.add("/busy.jpg", picture(0))
    assert make(*words).exit_code == 1
    assert server.asked.count("/none.jpg") == 1 and sum(path.startswith("/v1") for path in server.asked) == 1


def test_without_a_network_one_sentence_says_so_and_what_is_there_is_kept(server, tmp_path, monkeypatch):
    hosts = [f"http://{name}.example/a.jpg" for name in "abc"]
    file = listed(tmp_path, [*server.pictures(1), *hosts])
    look_up = socket.getaddrinfo

    def no_names(host, *args, **options):
        if host.endswith(".example"):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    for _ in range(2):
        with pytest.raises(DataError, match=r"is there a network\? .*c.example is not found by name, and neither do"):
            make(file, "--to", tmp_path / "p")
    assert server.asked.count("/0.jpg") == 1
    with pytest.raises(DataError, match=r"cannot be searched for 'nut': a.example is not found by name"):
        make("--search", "nut", "--openverse", "http://a.example", "--to", tmp_path / "q")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.json", "{", "is no list of"),
        ("a.json", '[{"url": "x"}]', "is no list of"),
        ("a.json", "[]", "holds no link"),
        ("a.json", '[{"img_path": "../x/1.png", "url": "http://a/b"}]', "cannot be the name of a folder"),
        ("a.json", '[{"img_path": ".\\\\nut\\\\1.png", "url": "http://a/b"}]', None),
        ("a.csv", "url\nhttp://a/b\n", "has no column category: expected url and category"),
        ("a.csv", "url,category\nhttp://a/b,a/b\n", "row 2: 'a/b' cannot be a category"),
        ("a.csv", "url,category\nhttp://a/b,.hidden\n", "row 2: '.hidden' cannot be a category"),
        ("a.csv", f"url,category\nhttp://a/b,{'x' * 201}\n", "cannot be the name of a folder"),
        ("a.csv", "url,category\n,nut\n", "row 2: there is no url"),
        ("a.csv", "url,category\nhttp://a/b,nut,more\n", None),
        ("a.csv", "category,url,title\nnut,http://a/b,'=x\n", None),
    ],
)
def test_lists_that_cannot_be_used_are_one_sentence(tmp_path, name, text, sentence):
    (tmp_path / name).write_text(text)
    if sentence is None:
        (link,) = links.read(tmp_path / name)
        assert (link.category, link.url) == ("nut", "http://a/b") and link.title in ("", "=x")
        return
    with pytest.raises(DataError, match=sentence):
        links.read(tmp_path / name)


def test_a_list_that_is_not_there_and_no_list_at_all_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match=r"none.json cannot be read: No such file"):
        make(tmp_path / "none.json", "--to", tmp_path / "p")
    with pytest.raises(UsageError, match="which pictures"):
        make("--to", tmp_path / "p")


def test_a_link_counts_once_in_its_category():
    same = [Link(category=category, url="u", title=title) for category, title in ("a1", "b2", "a3")]
    assert [(link.category, link.title) for link in links.once(same)] == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\uff1d1", "plain", "'quoted'", "a=b", ""])
def test_a_cell_is_no_formula_and_gives_its_text_back(text):
    cell = cells.safe(text)
    assert cell[:1] not in cells.STARTS or not cell
    assert cells.meant(cell) == text
    assert cells.safe("\t=1") == "'=1"


def test_a_picture_that_was_changed_afterwards_is_said(server, tmp_path):
    file = listed(tmp_path, server.pictures(2))
    make(file, "--to", tmp_path / "p")
    shutil.copy(tmp_path / "p/nut/normal/000.jpg", tmp_path / "p/nut/normal/001.jpg")
    said = make(file, "--to", tmp_path / "p")
    assert said.exit_code == 1 and "001.jpg is not what was fetched" in said.output


def test_lists_of_one_name_are_known_by_their_contents(server, tmp_path):
    files = []
    for name, url in zip(("a", "b"), server.pictures(2), strict=True):
        (tmp_path / name).mkdir()
        files.append(listed(tmp_path / name, [url], name))
    assert make(*files, "--to", tmp_path / "p").exit_code == 0
    listed(tmp_path / "a", [f"{server.url}/other.jpg"], "a")
    with pytest.raises(UsageError, match=r"was made in another way: sources list 1/img_url.json"):
        make(*files, "--to", tmp_path / "p")
