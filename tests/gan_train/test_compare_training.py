"""The comparisons of tests/benchmarks/compare_training.py ask for settings that there are; the trainings take hours."""

import pytest

pytest.importorskip("torch")

from gan_train.families import FAMILIES
from gan_train.loop import configure
from gan_train.presets import PRESETS
from gan_train.settings import parse_settings
from tests.benchmarks.compare_training import COMPARISONS


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_every_variant_is_a_configuration_of_its_own(comparison):
    preset, _, variants = COMPARISONS[comparison]
    kind = FAMILIES[PRESETS[preset][0]].config
    configs = [configure(preset, parse_settings(list(settings), kind))[1] for settings in variants.values()]
    assert len(set(configs)) == len(configs) > 1
