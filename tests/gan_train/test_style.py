"""The style family: its networks, losses and deployment at tiny sizes, and the way from data with alpha to a file."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from blender_addon.engine.check import check_file  # noqa: E402
from blender_addon.engine.model import Model  # noqa: E402
from blender_addon.engine.styles import from_layer, style_of  # noqa: E402
from gan_train.export import export_run  # noqa: E402
from gan_train.families.style import PSI, Style, premultiplied  # noqa: E402
from gan_train.families.style_config import StyleConfig  # noqa: E402
from gan_train.family import Domain  # noqa: E402
from gan_train.loop import train  # noqa: E402
from gan_train.style_networks import Mapping, StyleCritic, Synthesis  # noqa: E402

from .test_loop import TINY_STYLE  # noqa: E402


def tiny(labels=("a", "b", "c"), maps=("base_color", "alpha"), **settings) -> Style:
    torch.manual_seed(0)
    config = StyleConfig(**{"resolution": 32, "patch": 2, "augment": "none", **TINY_STYLE, **settings})
    return Style(config, Domain(labels, ("m",), (0,), maps))


def batch(family: Style) -> dict:
    n, side = family.config.batch, family.config.resolution
    picture = torch.rand(n, family.channels, side, side, generator=random()) * 2 - 1
    return {"picture": picture, "label": torch.arange(n) % len(family.labels)}


def random(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gradients(family: Style, step: int) -> dict[str, torch.Tensor]:
    one = batch(family)
    family.loss("generator", one, random(1), step)
    family.zero_grad()
    terms = family.loss("critic", one, random(2), step)
    sum(term for term in terms.values() if term.requires_grad).backward()
    return {name: p.grad.clone() for name, p in family.critic.named_parameters()}, terms


@pytest.mark.parametrize("patch, width", [(1, (8, 8, 8, 8)), (2, (8, 8, 8)), (4, (8, 8))])
def test_shapes(patch, width):
    synthesis, critic = Synthesis(4, 6, width, patch), StyleCritic(4, 3, width, patch)
    styles, noise = torch.randn(3, synthesis.layers, 6), torch.randn(3, synthesis.noise)
    picture = synthesis(styles, noise)
    assert picture.shape == (3, 4, 32, 32) and picture.abs().max() <= 1
    assert critic(picture, torch.eye(3)).shape == (3,)


@pytest.mark.parametrize("resolution", [64, 128, 256, 512])
def test_every_resolution_has_widths_of_its_own(resolution):
    config = StyleConfig(resolution=resolution)
    assert StyleConfig(resolution=128).width == (128, 96, 64, 48, 16)
    assert StyleConfig(resolution=128, width=(8,) * 5).width == (8,) * 5
    torch.manual_seed(0)
    synthesis = Synthesis(3, 6, tuple(n // 8 for n in config.width), config.patch)
    styles, noise = torch.randn(1, synthesis.layers, 6), torch.randn(1, synthesis.noise)
    picture = synthesis(styles, noise)
    assert picture.shape == (1, 3, resolution, resolution)
    critic = StyleCritic(3, 2, tuple(n // 8 for n in config.critic_width), config.patch)
    assert critic(picture, torch.eye(2)[:1]).shape == (1,)


def test_a_new_generator_draws_no_pattern_of_patches():
    """All pixels of a patch begin alike, apart from what the smooth enlargement of coarser pictures adds."""
    synthesis = Synthesis(3, 6, (8, 8), 4)
    x, style = torch.randn(2, 8, 8, 8), torch.randn(2, 6)
    drawn = torch.pixel_shuffle(synthesis.picture[1](x, style), 4)
    assert torch.allclose(drawn, drawn[:, :, ::4, ::4].repeat_interleave(4, 2).repeat_interleave(4, 3))


def test_each_layer_listens_to_its_style():
    synthesis = Synthesis(3, 6, (8, 8, 8), 2)
    styles, noise = torch.randn(1, 6, 6), torch.randn(1, synthesis.noise)
    before = synthesis(styles, noise)
    for layer in range(6):
        changed = styles.clone()
        changed[:, layer] += 1
        assert not torch.allclose(synthesis(changed, noise), before)
    assert not torch.allclose(synthesis(styles, torch.randn(1, synthesis.noise)), before)


def test_labels_change_w_and_none_are_needed():
    mapping = Mapping(8, 3, 6, 2)
    z = torch.randn(2, 8)
    assert not torch.allclose(mapping(z, torch.eye(3)[:2]), mapping(z, torch.eye(3)[1:]))
    assert Mapping(8, 1, 6, 2)(z, torch.ones(2, 1)).shape == (2, 6)


@pytest.mark.parametrize("loss", ["relativistic", "non-saturating"])
def test_penalties_reach_the_critic(loss):
    family = tiny(loss=loss, penalty_every=2)
    (with_them, terms), (without, fewer) = gradients(family, 2), gradients(family, 3)
    expected = {"penalty_real", "penalty_fake"} if loss == "relativistic" else {"penalty_real"}
    assert terms.keys() - fewer.keys() == expected
    assert all(terms[name] > 0 for name in expected)
    changed = [name for name in without if not torch.allclose(with_them[name], without[name], atol=1e-7)]
    assert len(changed) > len(without) / 2


def test_what_lies_under_transparency_does_not_matter():
    picture = torch.rand(2, 4, 4, 4) * 2 - 1
    picture[0, 3] = -1
    assert torch.equal(premultiplied(picture)[0, :3], torch.full((3, 4, 4), -1.0))
    picture[1, 3] = 1
    assert torch.allclose(premultiplied(picture)[1], picture[1])
    assert torch.equal(premultiplied(picture[:, :3]), picture[:, :3])


def test_the_center_follows_w_of_each_label():
    family = tiny()
    one = batch(family)
    for step in range(3):
        family.loss("generator", one, random(step), step)
    assert (family.center.mean.abs().sum(1) > 0).all()
    label = torch.eye(3)
    w = family.mapping(torch.randn(3, 8), label)
    assert torch.allclose(family.center(w, label, torch.zeros(3, 1)), family.center.mean)
    assert torch.allclose(family.center(w, label, torch.ones(3, 1)), w, atol=1e-6)
    half = torch.tensor([[0.5, 0.5, 0.0]])
    between = family.center(w[:1], half, torch.zeros(1, 1))
    assert torch.allclose(between, family.center.mean[:2].mean(0, keepdim=True))


def test_mixing_gives_late_layers_another_style():
    styles = tiny(mixing=1.0)._styles(torch.eye(3).repeat(4, 1), random())
    first, last = styles[:, 0], styles[:, -1]
    assert not torch.isclose(first, last).all(1).any()
    for one in styles:
        assert len(torch.unique(one, dim=0)) == 2
    alone = tiny(mixing=0.0)._styles(torch.eye(3), random())
    assert torch.equal(alone, alone[:, :1].expand_as(alone))


def test_previews_are_the_same_each_time():
    family = tiny(maps=("base_color",))
    first, again = family.preview(1), family.preview(1)
    assert first.shape == (3, 8, 32, 32, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)


def test_from_transparent_pictures_to_a_cube_face(planets_dataset, tmp_path):
    train(planets_dataset, tmp_path / "run", "style-small", {**TINY_STYLE, "mirror": False}, steps=3)
    model = Model.load(export_run(tmp_path / "run", tmp_path / "planets.onnx"))
    assert check_file(model.path) == []
    card = model.card
    assert card.map_names == ("base_color", "alpha") and card.fixed_size == 32 and not card.tileable
    assert card.labels == ("banded", "cratered", "living", "molten", "ringed")
    texture = model.render(5, "molten")
    assert texture.maps["base_color"].shape == (32, 32, 3) and texture.maps["alpha"].shape == (32, 32, 1)
    mixed = model.render(5, "molten", styles=from_layer(style_of(model, 6, "ringed"), 2))
    assert not np.array_equal(mixed.maps["base_color"], texture.maps["base_color"])
    half = style_of(model, 5, {"molten": 1, "ringed": 1})
    assert not np.allclose(half, style_of(model, 5, "molten"))
    assert card.input("scalar").default == PSI


def test_one_label_has_no_label_input():
    family = tiny(labels=("dots",), maps=("base_color",))
    assert family.mapping.by_label is None and family.critic.by_label is None
    family.loss("generator", batch(family), random(), 0)
    assert family.center.mean.abs().sum() > 0
    deployment = family.deploy()
    assert [i["name"] for i in deployment.inputs] == ["z", "noise", "psi", "w"]
    with torch.no_grad():
        maps, styles = deployment.module(*deployment.feeds.values())
    assert maps.shape == (2, 3, 32, 32) and styles.shape == (2, 6, 8)
