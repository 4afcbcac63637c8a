"""report.html in a browser: nothing fails or leaves the file; sorting, dragging, keys and copying work."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from benchmarks.evaluation import result_rows
from benchmarks.finetune.levels import Levels, store
from tests.pages import made_jobs, page_of
from tests.stored import made_cell, made_images, made_result

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
if not (BROWSER and DRIVER):
    pytest.skip("the page is not tried: no Chromium with chromedriver is installed", allow_module_level=True)
NO_SELENIUM = "the page is not tried: selenium is not installed, see tox -e browser"
webdriver = pytest.importorskip("selenium.webdriver", reason=NO_SELENIUM)
Select = pytest.importorskip("selenium.webdriver.support.select", reason=NO_SELENIUM).Select
Keys = webdriver.Keys

CSS = "css selector"
STILL = "--force-prefers-reduced-motion"
"""So that nothing scrolls away from a click."""
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900", STILL):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A page with two methods and two categories; levels of three areas are kept of every job."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "finetune").mkdir()
    jobs = made_jobs()
    test = [image.score for image in jobs[0].images if image.part == "test"]
    levels = np.outer(test, [1, 0.5, 0.25]).astype(np.float32)
    arrays = {"areas_px": np.array([1, 40, 200]), "thresholds": np.array([0.5, 0.25, 0.1])}
    setters, setting = np.array(["0.png"]), np.array([[0.5, 0.25, 0.1]], np.float32)
    store(
        Levels(np.array(jobs[0].key), np.array(1), setters=setters, setting=setting, test=levels, **arrays),
        folder / "finetune",
    )
    (folder / "report.html").write_text(page_of(jobs, folder=folder), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture
def browser(chromium, file):
    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.get(file.as_uri())
    return chromium


def find(browser, css):
    return browser.find_element(CSS, css)


def texts(browser, css):
    return [each.text for each in browser.find_elements(CSS, css) if each.is_displayed()]


def choose(browser, place, letter):
    Select(find(browser, "#pick-place")).select_by_visible_text(place)
    Select(find(browser, "#pick-method")).select_by_value(letter)


def confusion(browser):
    return [int(find(browser, f"#{name}").text) for name in ("found", "missed", "alarms", "passed")]


def requests(browser):
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]


def letter_of(browser, method):
    """The letter of a method, from its option."""
    return next(
        each.get_attribute("value") for each in Select(find(browser, "#pick-method")).options if method in each.text
    )


def test_nothing_is_written_to_the_console_and_nothing_is_asked_of_a_network(browser, file):
    for place in ("bolt", "nut"):
        for letter in "AB":
            choose(browser, place, letter)
    assert browser.get_log("browser") == []
    assert {url for url in requests(browser) if not url.startswith("data:")} == {file.as_uri()}


def test_a_heading_sorts_the_table_and_sorts_it_back(browser):
    Select(find(browser, "#board-place")).select_by_visible_text("each category")
    heading = find(browser, 'th[data-key="image_auroc"] button')
    column = 'td[data-key="image_auroc"] .barred .main'
    heading.click()
    values = [float(each) for each in texts(browser, column)]
    assert values == sorted(values, reverse=True) and len(set(values)) > 1
    heading.click()
    assert [float(each) for each in texts(browser, column)] == sorted(values)
    assert find(browser, 'th[data-key="image_auroc"]').get_attribute("aria-sort") == "ascending"


def test_a_column_is_shown_and_hidden(browser):
    assert not texts(browser, 'th[data-key="balanced_accuracy"]')
    find(browser, ".menu summary").click()
    find(browser, '[data-column="balanced_accuracy"]').click()
    assert texts(browser, 'th[data-key="balanced_accuracy"]') and texts(browser, 'td[data-key="balanced_accuracy"]')


def test_a_category_can_be_shown_alone(browser):
    Select(find(browser, "#board-place")).select_by_visible_text("nut")
    rows = browser.find_elements(CSS, "#board tbody tr")
    assert {row.get_attribute("data-place") for row in rows if row.is_displayed()} == {"nut"}


@pytest.mark.parametrize(("name", "part"), [("latex", "\\begin{table}"), ("csv", "category,method,image AUROC")])
def test_the_table_is_copied(browser, name, part):
    Select(find(browser, "#board-place")).select_by_visible_text("each category")
    find(browser, f"#copy-{name}").click()
    browser.execute_script("document.body.append(Object.assign(document.createElement('textarea'), {id: 'pasted'}))")
    find(browser, "#pasted").send_keys(Keys.CONTROL, "v")
    pasted = find(browser, "#pasted").get_property("value")
    assert pasted.startswith(part) and "Copied as" in find(browser, "#copied").text
    assert pasted.count("\\textbf{") > 0 if name == "latex" else len(pasted.splitlines()) == 7


def copied(browser, name):
    """What a button copies."""
    browser.execute_script(
        "window.copied = []; Object.defineProperty(navigator, 'clipboard', {configurable: true, value: "
        "{writeText: async (text) => { window.copied.push(text); }}})"
    )
    find(browser, f"#copy-{name}").click()
    return browser.execute_script("return window.copied[0]")


def test_the_table_copied_as_csv_has_plain_numbers_in_columns_of_their_own(browser):
    Select(find(browser, "#board-place")).select_by_visible_text("each category")
    head, *lines = csv.reader(copied(browser, "csv").splitlines())
    assert head[2:5] == ["image AUROC", "image AUROC low", "image AUROC high"] and "missed of" in head
    for line in lines:
        assert line[1] in ("knn", "cae") and all(float(number) >= 0 for number in line[2:] if number)


def test_the_table_copied_as_latex_tells_its_samples_and_its_signs(browser):
    Select(find(browser, "#board-place")).select_by_visible_text("bolt")
    text = copied(browser, "latex")
    assert "\\caption{Test images: bolt: 14 normal and 12 defective. [low, high]: 95 \\% confidence" in text


def test_the_menu_of_columns_closes_on_escape_and_on_a_click_outside(browser):
    for leave in (
        lambda: find(browser, ".menu summary").send_keys(Keys.ESCAPE),
        lambda: find(browser, "h1").click(),
    ):
        browser.execute_script("arguments[0].open = true", find(browser, ".menu"))
        leave()
        assert not find(browser, ".menu").get_property("open")


def test_the_leaderboard_fits_a_screen_of_1280_pixels(browser):
    box = find(browser, "#board").find_element("xpath", "..")
    assert browser.execute_script("return arguments[0].scrollWidth - arguments[0].clientWidth", box) <= 0
    rails = browser.find_elements(CSS, "#board tbody tr .rails")
    assert len({rail.location["x"] for rail in rails if rail.is_displayed()}) == 1


def test_the_page_begins_with_the_numbers_of_the_tables(browser):
    for result in made_jobs():
        row = result_rows.measure(result).row
        choose(browser, row["category"], letter_of(browser, row["method"]))
        found = row["test_defective"] - row["missed"]
        assert confusion(browser) == [
            found,
            row["missed"],
            row["false_alarms"],
            row["test_normal"] - row["false_alarms"],
        ]
        assert find(browser, "#state").text.startswith("Calibrated")


def test_the_threshold_is_dragged_and_is_then_called_oracle(browser):
    before = confusion(browser)
    strip = find(browser, "#strip")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", strip)
    begin = {"xoffset": -strip.rect["width"] // 6, "yoffset": 0}
    webdriver.ActionChains(browser).move_to_element_with_offset(strip, **begin).click_and_hold().move_by_offset(
        120, 0
    ).release().perform()
    assert confusion(browser) != before and sum(confusion(browser)) == sum(before)
    assert find(browser, "#state").text.startswith("Oracle")
    named = find(browser, "#changes").get_property("textContent")
    assert ".png" in named and "now" in named


def test_the_threshold_is_moved_by_keys(browser):
    threshold = find(browser, "#threshold")
    before = float(find(browser, "#threshold-value").get_property("value"))
    threshold.send_keys(Keys.ARROW_RIGHT * 40)
    after = float(find(browser, "#threshold-value").get_property("value"))
    assert after > before and find(browser, "#threshold").get_attribute("aria-valuetext")
    find(browser, '[data-mark="calibrated"]').click()
    assert float(find(browser, "#threshold-value").get_property("value")) == pytest.approx(before)


def test_a_minimum_area_is_moved_where_levels_are_kept(browser):
    choose(browser, "bolt", letter_of(browser, "knn"))
    assert find(browser, "#area-value").text == "none: image score"
    find(browser, "#area").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert find(browser, "#area-value").text == "40 px"
    assert float(find(browser, "#threshold-value").get_property("value")) == 0.25


def test_without_levels_the_page_says_what_to_run(browser):
    choose(browser, "nut", letter_of(browser, "cae"))
    assert not find(browser, "#area").is_displayed()
    assert "finetune --method cae --category nut --seed 0" in find(browser, "#no-area").text


def test_the_optimum_of_a_price_costs_no_more_than_the_threshold_in_use(browser):
    choose(browser, "nut", letter_of(browser, "cae"))
    here = float(find(browser, "#price .figure").text)
    find(browser, "#cheapest").click()
    assert float(find(browser, "#price .figure").text) == float(find(browser, "#price b").text) <= here


@pytest.mark.parametrize(("field", "typed"), [("price-miss", "-3"), ("price-alarm", ""), ("prevalence", "1001")])
def test_a_price_that_is_none_is_refused(browser, field, typed):
    find(browser, f"#{field}").send_keys(Keys.CONTROL, "a")
    find(browser, f"#{field}").send_keys(Keys.BACKSPACE, typed)
    assert find(browser, "#price").text.startswith("No price: ")
    assert find(browser, f"#{field}").get_attribute("aria-invalid") == "true"
    assert not find(browser, "#cheapest").is_enabled()


def test_the_threshold_section_opens_on_the_leading_method_and_names_its_seed(browser):
    link = find(browser, "#verdicts a[data-place]")
    assert find(browser, "#pick-place").get_property("value") == link.get_attribute("data-place")
    assert find(browser, "#pick-method").get_property("value") == link.get_attribute("data-letter")
    assert find(browser, "#seed-text").text.startswith("Seed 0, the only one")


def test_the_roc_curve_encloses_the_area_of_the_tables(browser):
    row = result_rows.measure(made_jobs()[0]).row
    choose(browser, "bolt", letter_of(browser, "knn"))
    points = find(browser, "#roc .curve").get_attribute("points").split()
    x, y = np.array([point.split(",") for point in points], float).T
    x, y = (x - x[0]) / (x[-1] - x[0]), (y - y[0]) / (y[-1] - y[0])
    assert np.trapezoid(y, x) == pytest.approx(row["image_auroc"], abs=0.002)


def test_on_a_phone_nothing_is_wider_than_the_screen(browser):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    browser.refresh()
    assert browser.execute_script("return document.documentElement.scrollWidth") == PHONE["width"]


def test_on_a_phone_method_and_category_stay_in_sight_when_a_table_is_scrolled(browser):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    browser.refresh()
    row = next(each for each in browser.find_elements(CSS, "#board tbody th") if each.is_displayed())
    left = "return arguments[0].getBoundingClientRect().left"
    before = browser.execute_script(left, row)
    browser.execute_script("document.querySelector('#board').parentNode.scrollLeft = 200")
    assert browser.execute_script(left, row) == pytest.approx(before, abs=1)
    assert browser.execute_script("return document.querySelector('#board').parentNode.scrollLeft") > 0
    assert browser.execute_script("return getComputedStyle(arguments[0], '::before').content", row) != "none"


def test_a_picture_opens_large_and_the_number_of_all_misses_is_told(chromium, tmp_path):
    folder = tmp_path / "data" / "bolt"
    names = ["train/good/0.png", "test/good/0.png", *(f"test/bent/{index}.png" for index in range(6))]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(folder / name)
    scores = [("calibration", None, 0.5), ("test", None, 0.1), *[("test", "bent", 0.2)] * 6]
    images = [
        each.model_copy(update={"path": f"bolt/{name}"}) for each, name in zip(made_images(scores), names, strict=True)
    ]
    result = made_result(cell=made_cell(dataset="mvtec"), images=images, data=str(tmp_path / "data"))
    (file := tmp_path / "report.html").write_text(page_of([result]), encoding="utf-8")
    chromium.get(file.as_uri())
    assert find(chromium, "#shelves h3").text == "Worst misses 4 of 6 missed"
    find(chromium, "button.panes").click()
    assert find(chromium, "dialog.large img").is_displayed()
    webdriver.ActionChains(chromium).send_keys(Keys.ESCAPE).perform()
    assert not find(chromium, "dialog.large").is_displayed()


def test_the_button_changes_between_light_and_dark(browser):
    def colour() -> str:
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    first = colour()
    find(browser, "#theme").click()
    second = colour()
    find(browser, "#theme").click()
    assert first != second and colour() == first


def test_no_script_runs_from_a_name(chromium, tmp_path):
    hostile = '</script><script>window.harmed=1</script><img src=x onerror="window.harmed=1">'
    images = made_images([("calibration", None, 0.2), ("test", None, 0.1), ("test", hostile, 0.9), ("test", None, 0.8)])
    images = [image.model_copy(update={"path": hostile + image.path}) for image in images]
    result = made_result(cell=made_cell(category=hostile), images=images, remarks=[hostile], data=hostile)
    (file := tmp_path / "report.html").write_text(page_of([result]), encoding="utf-8")
    chromium.get_log("browser")
    chromium.get(file.as_uri())
    find(chromium, "#threshold").send_keys(Keys.HOME)
    assert chromium.execute_script("return window.harmed") is None
    assert hostile in find(chromium, "#shelves").text and chromium.get_log("browser") == []


def test_a_script_that_is_put_into_the_page_is_refused(browser):
    browser.execute_script(
        "const script = document.createElement('script'); script.textContent = 'window.harmed = 1';"
        "document.body.append(script)"
    )
    assert browser.execute_script("return window.harmed") is None
    assert "Content Security Policy" in browser.get_log("browser")[0]["message"]
