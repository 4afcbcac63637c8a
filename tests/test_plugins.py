import pytest

import methods
from benchmarks import plugins
from benchmarks.errors import UsageError


@pytest.mark.parametrize(
    ("assignments", "settings"),
    [
        (["cae.loss=mse"], {"cae": {"loss": "mse"}}),
        (["cae.epochs=3", "cae.rate=1e-3"], {"cae": {"epochs": 3, "rate": 1e-3}}),
        (["cae.jit=false"], {"cae": {"jit": False}}),
        (["cae.range=[0.5, 1]"], {"cae": {"range": [0.5, 1]}}),
        (["cae.weights=a=b"], {"cae": {"weights": "a=b"}}),
        ([], {"cae": {}}),
    ],
)
def test_assignments_are_read_as_json_where_they_can_be(assignments, settings):
    assert plugins.parse_assignments(assignments, ["cae"]) == settings


@pytest.mark.parametrize("assignment", ["loss=mse", "cae.loss", "=", "cae.=3", ".loss=3"])
def test_a_malformed_assignment_is_refused(assignment):
    with pytest.raises(UsageError, match=r"METHOD\.FIELD=VALUE"):
        plugins.parse_assignments([assignment], ["cae"])


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'differnet'"):
        plugins.method("difernet")


def test_a_name_like_no_other_is_answered_with_all():
    with pytest.raises(UsageError, match=r"There are: .*cae"):
        plugins.method("zzz")


def test_a_variant_is_named_by_its_changed_settings_alone():
    name = plugins.names(methods)[0]
    choice = plugins.choose(name, {})
    assert choice.changed == {}
    assert plugins.choose(name, choice.settings) == choice


def test_a_variant_with_a_preset_is_named_by_the_preset_and_by_settings_that_differ_from_it():
    choice = plugins.choose("differnet", {"preset": "fast", "bank_views": 64, "clamp": 3.0})
    assert choice.changed == {"preset": "fast", "bank_views": 64}
    assert plugins.choose("differnet", choice.settings).changed == choice.changed


def test_several_numbers_without_brackets_are_refused_with_an_example():
    with pytest.raises(UsageError, match=r"--set differnet.betas: expected .* such as \[0.8, 0.8\], got '0.8,0.9'"):
        plugins.choose("differnet", {"betas": "0.8,0.9"})
    assert plugins.choose("differnet", {"betas": [0.8, 0.9]}).method.betas == (0.8, 0.9)


def test_a_preset_goes_to_the_methods_that_have_it_and_a_given_one_wins():
    settings = {"differnet": {"clamp": 2.0}, "cae": {"preset": "paper"}, "knn": {}}
    assert plugins.with_preset(settings, "light") == {
        "differnet": {"preset": "light", "clamp": 2.0},
        "cae": {"preset": "paper"},
        "knn": {},
    }
    assert plugins.with_preset({"cae": {}}, "fast") == {"cae": {}}


def test_a_dataset_takes_its_settings_and_refuses_others():
    assert plugins.dataset("folder", {"normal": "OK"}).normal == "OK"
    with pytest.raises(UsageError, match=r"--normal: visa has one layout and cannot be told; these can: .*folder"):
        plugins.dataset("visa", {"normal": "OK"})


def test_a_preset_that_no_method_has_is_refused():
    plugins.require_preset("fast", ["cae", "differnet"])
    with pytest.raises(UsageError, match=r"unknown preset of cae 'fast'.*There are: light, paper"):
        plugins.require_preset("fast", ["cae"])
    with pytest.raises(UsageError, match=r"--preset fast: there are no presets of knn, mean_image; leave it out"):
        plugins.require_preset("fast", ["knn", "mean_image"])
