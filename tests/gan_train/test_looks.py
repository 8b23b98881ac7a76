"""The families between looks, unpaired and domains: losses, what they remember, what they export. Tiny networks."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from blender_addon.engine.model import Model  # noqa: E402
from gan_train.cli import main  # noqa: E402
from gan_train.contrast import Heads, channels, contrast, encoder_features  # noqa: E402
from gan_train.domain_sampler import DomainSampler  # noqa: E402
from gan_train.errors import ConfigError  # noqa: E402
from gan_train.export import deployment_of, export_run  # noqa: E402
from gan_train.families.domains import Domains  # noqa: E402
from gan_train.families.domains_config import DomainsConfig  # noqa: E402
from gan_train.families.unpaired import Unpaired  # noqa: E402
from gan_train.families.unpaired_config import UnpairedConfig  # noqa: E402
from gan_train.loop import train  # noqa: E402
from gan_train.remembered import Examples, Pool  # noqa: E402
from gan_train.run_folder import load_averaged  # noqa: E402
from gan_train.translator import Translator  # noqa: E402
from gan_train.weights import looks_of  # noqa: E402

from .test_loop import TINY_DOMAINS, TINY_UNPAIRED, state  # noqa: E402

CPU = torch.device("cpu")


def random(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


TWO = {**TINY_UNPAIRED, "source": "bricks", "target": "dots"}


def unpaired(dataset, **settings) -> tuple[Unpaired, DomainSampler]:
    torch.manual_seed(0)
    config = UnpairedConfig(**{**TWO, **settings})
    sampler = DomainSampler(dataset, config)
    return Unpaired(config, sampler.domain), sampler


def domains(dataset, **settings) -> tuple[Domains, DomainSampler]:
    torch.manual_seed(0)
    config = DomainsConfig(**{**TINY_DOMAINS, **settings})
    sampler = DomainSampler(dataset, config)
    return Domains(config, sampler.domain), sampler


def terms_of(family, sampler, step=2) -> dict[str, dict]:
    batch = sampler(0, step, CPU)
    return {phase.name: family.loss(phase.name, batch, random(1), step) for phase in family.phases}


def test_cycle_has_two_of_everything(small_dataset):
    family, sampler = unpaired(small_dataset)
    terms = terms_of(family, sampler)
    assert terms["translators"].keys() == {"adversarial", "patches", "identity", "cycle"}
    assert terms["critics"].keys() == {"adversarial", "margin", "penalty_real", "penalty_fake"}
    assert "penalty_real" not in terms_of(family, sampler, step=3)["critics"]
    assert family.directions == ("bricks-to-dots", "dots-to-bricks")
    assert len(family.translators) == len(family.critics) == 2


def test_contrastive_has_half_of_it(small_dataset):
    family, sampler = unpaired(small_dataset, variant="contrastive")
    terms = terms_of(family, sampler)["translators"]
    assert terms.keys() == {"adversarial", "patches", "identity", "contrast"}
    both = unpaired(small_dataset)[0]
    size = [sum(p.numel() for p in f.translators.parameters()) for f in (family, both)]
    assert 2 * size[0] == size[1] and family.directions == ("bricks-to-dots",)
    terms["contrast"].backward()
    assert all(p.grad is not None for p in family.heads.parameters())


def test_every_weight_has_a_gradient(small_dataset):
    for family, sampler in (unpaired(small_dataset), domains(small_dataset)):
        batch = sampler(0, 2, CPU)
        for phase in family.phases:
            terms = family.loss(phase.name, batch, random(1), 2)
            sum(term for term in terms.values() if term.requires_grad).backward()
            moved = [p.grad is not None for name in phase.trains for p in getattr(family, name).parameters()]
            assert all(moved), phase.name
            family.zero_grad(set_to_none=True)


def test_the_non_saturating_loss_has_one_penalty(small_dataset):
    family, sampler = unpaired(small_dataset, loss="non-saturating")
    assert terms_of(family, sampler)["critics"].keys() == {"adversarial", "margin", "penalty_real"}


def test_penalties_change_the_gradients_of_the_critic(small_dataset):
    family, sampler = domains(small_dataset)
    batch, found = sampler(0, 0, CPU), []
    family.loss("translator", batch, random(1), 0)
    for step in (2, 3):
        family.zero_grad()
        terms = family.loss("critic", batch, random(2), step)
        sum(term for term in terms.values() if term.requires_grad).backward()
        found.append([p.grad.clone() for p in family.critic.parameters() if p.grad is not None])
    assert sum(not torch.allclose(a, b, atol=1e-7) for a, b in zip(*found, strict=False)) > 4


def test_the_contrast_is_low_where_places_are_recognised():
    torch.manual_seed(0)
    network, given = Translator(3, 3, (4, 8), 2), torch.rand(2, 3, 32, 32) * 2 - 1
    heads = Heads(channels(network))
    seen = encoder_features(network, given)
    assert [x.shape[1] for x in seen] == channels(network)
    same = contrast(heads, seen, seen, random())
    moved = contrast(heads, encoder_features(network, given.roll(9, 2)), seen, random())
    assert same < 0.5 * moved and moved > 0.5


def test_a_pool_gives_older_pictures_back_with_their_labels():
    pool, label = Pool(2, 8), torch.tensor([0, 1])
    first = torch.stack([torch.full((3, 8, 8), v) for v in (-1.0, 1.0)])
    shown, _ = pool.swap(first, label, random())
    assert torch.equal(shown, first), "nothing is older yet"
    seen = set()
    for seed in range(8):
        shown, labels = pool.swap(torch.zeros(2, 3, 8, 8), torch.tensor([2, 2]), random(seed))
        for picture, k in zip(shown, labels.tolist(), strict=True):
            expected = {0: -1.0, 1: 1.0, 2: 0.0}[k]
            assert torch.allclose(picture, torch.full_like(picture, expected), atol=0.01)
            seen.add(k)
    assert seen == {0, 1, 2}
    assert torch.equal(Pool(0, 8).swap(first, label, random())[0], first)


def test_examples_are_the_first_of_each_label():
    examples = Examples(2, 2, 4)
    for value in (-1.0, -0.5, 0.0):
        examples.see(torch.full((1, 3, 4, 4), value), torch.tensor([1]))
        assert not examples.whole()
    assert examples.of(1, 5).mean((1, 2, 3)).tolist() == pytest.approx([-1, -0.5], abs=0.01)
    assert len(examples.of(0, 5)) == 0
    examples.see(torch.zeros(2, 3, 4, 4), torch.tensor([0, 0]))
    assert examples.whole() and examples.full


def test_previews_need_examples_and_are_the_same_each_time(small_dataset):
    for make, rows in ((unpaired, 4), (domains, 3)):
        family, sampler = make(small_dataset, batch=12)
        assert family.preview(1) is None and family.draw(6, 2) is None
        for step in range(30):
            batch = sampler(0, step, CPU)
            family.examples.see(batch["given"], batch["given_label"])
            family.examples.see(batch["picture"], batch["label"])
        sheet = family.preview(1)
        assert sheet.dtype == np.uint8 and len(sheet) == rows and sheet.shape[2:] == (32, 32, 3)
        assert np.array_equal(sheet, family.preview(1))
        drawn = family.draw(64, 2)
        assert drawn.shape == (64, 32, 32, 3)
        assert len(np.unique(drawn.reshape(64, -1), axis=0)) == 64, "watch.py takes repeats for a collapse"


@pytest.fixture(scope="module")
def contrastive(small_dataset, tmp_path_factory):
    """A run of four steps, in two starts, and the same in one."""
    folder = tmp_path_factory.mktemp("contrastive")
    settings = {**TWO, "variant": "contrastive"}
    train(small_dataset, folder / "straight", "unpaired-small", settings, steps=4)
    for steps in (2, 4):
        train(small_dataset, folder / "resumed", "unpaired-small", settings, steps=steps)
    return folder


def test_a_resumed_contrastive_run_has_the_bits_of_a_straight_one(contrastive):
    straight, resumed = state(contrastive / "straight"), state(contrastive / "resumed")
    assert [k for k in straight if not torch.equal(straight[k], resumed[k])] == []
    assert any(k.startswith("family.heads.") for k in straight)


def test_one_way_has_no_other_direction(contrastive, tmp_path, capsys):
    code = main(
        [
            "export",
            str(contrastive / "straight"),
            "--out",
            str(tmp_path / "x.onnx"),
            "--direction",
            "dots-to-bricks",
        ]
    )
    assert code == 2 and not (tmp_path / "x.onnx").exists()
    assert (
        "--direction dots-to-bricks: this run does not have it. There are: bricks-to-dots."
        in capsys.readouterr().err
    )
    with pytest.raises(ConfigError, match="It has one generator"):
        deployment_of(domains_like(), "a-to-b")


def domains_like():
    class One:
        directions = ()

    return One()


@pytest.fixture(scope="module")
def backward(small_dataset, tmp_path_factory):
    """The second direction of a cycle run, exported."""
    folder = tmp_path_factory.mktemp("cycle")
    settings = {**TWO, "learning_rate": 0.05}
    train(small_dataset, folder / "run", "unpaired-small", settings, steps=3)
    return folder / "run", export_run(folder / "run", folder / "back.onnx", direction="dots-to-bricks")


def test_each_direction_is_a_file_of_its_own(backward):
    run, path = backward
    model = Model.load(path)
    assert looks_of(path) == {"source": "dots", "target": "bricks"}
    assert model.card.summary == "dots made to look like bricks"
    assert model.card.takes_picture and model.card.labels == () and model.card.tileable
    family, _, _ = load_averaged(run)
    picture = torch.rand(1, 3, 32, 32, generator=random()) * 2 - 1
    raw = model.run_raw({"image": picture.numpy(), "strength": np.ones((1, 1), np.float32)})
    with torch.no_grad():
        there, back = (family.deploy(d).module(picture, torch.ones(1, 1)).numpy() for d in family.directions)
    assert np.abs(raw - back).max() < 1e-4 < np.abs(raw - there).max()


def test_strength_goes_evenly_from_the_input_to_the_look(backward):
    model = Model.load(backward[1])
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32)
    made = [
        model.run_raw({"image": picture, "strength": np.full((1, 1), s, np.float32)})
        for s in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert np.array_equal(made[0], picture), "0 gives the input back, exactly"
    away = [float(np.abs(one - picture).mean()) for one in made]
    assert all(a < b for a, b in itertools.pairwise(away)), away


def test_what_tiles_stays_tiling(backward):
    """Rolled in, rolled out: nothing knows where the border is."""
    model = Model.load(backward[1])
    one = np.ones((1, 1), np.float32)
    picture = np.random.default_rng(1).uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32)
    made = model.run_raw({"image": picture, "strength": one})
    rolled = model.run_raw({"image": np.roll(picture, (16, 24), (2, 3)), "strength": one})
    assert np.abs(np.roll(made, (16, 24), (2, 3)) - rolled).max() < 1e-5


def test_labels_change_the_outcome_and_mix(small_dataset):
    family, _ = domains(small_dataset)
    for parameter in family.translator.paint.parameters():
        parameter.data.mul_(20)
    module = family.deploy().module
    picture, one = torch.rand(1, 3, 32, 32, generator=random()) * 2 - 1, torch.ones(1, 1)
    with torch.no_grad():
        a, b, mixed = (
            module(picture, torch.tensor([row]), one)
            for row in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0])
        )
        assert torch.equal(module(picture, torch.eye(3)[:1], torch.zeros(1, 1)), picture)
    assert not torch.allclose(a, b, atol=1e-3) and not torch.allclose(a, mixed, atol=1e-3)


def test_presets_keep_within_what_ships():
    """Float32, at most 4 MB for a direction and 5 MB for all looks."""
    from gan_train.family import Domain
    from gan_train.loop import configure

    labels = tuple(f"label{i}" for i in range(26))
    for preset, limit in (("unpaired-cpu", 4), ("unpaired-gpu", 4), ("domains-cpu", 5), ("domains-gpu", 5)):
        name, config = configure(preset, {"pool": 0, "crop": 32})
        family = {"unpaired": Unpaired, "domains": Domains}[name](
            config, Domain(labels[:2] if name == "unpaired" else labels, (), ())
        )
        count = sum(p.numel() for p in family.deploy().module.parameters())
        assert count * 4 < (limit - 0.1) * 1e6, (preset, count)
