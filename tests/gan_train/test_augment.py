"""Augmentation: what it changes, what it leaves, that gradients pass, and that its strength follows the critic."""

import pytest

torch = pytest.importorskip("torch")

from gan_train.augment import FEW, MOST, Augment, cut_out, decided, recolor, translate  # noqa: E402


def pictures(channels=3, n=6, size=16):
    made = torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(5)) * 2 - 1
    if channels == 4:  # premultiplied, and transparent on the left
        made[:, 3, :, : size // 2] = -1
        made[:, :3] = (made[:, :3] + 1) * (made[:, 3:] + 1) / 2 - 1
    return made


def random(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("step", [recolor, translate, cut_out])
@pytest.mark.parametrize("channels", [3, 4])
def test_each_step_changes_chosen_pictures_only(step, channels):
    x = pictures(channels)
    assert torch.equal(step(x, 0.0, random()), x)
    changed = (step(x, 1.0, random()) != x).flatten(1).any(1)
    some = (step(x, 0.5, random()) != x).flatten(1).any(1)
    assert changed.sum() >= 5 and 0 < some.sum() < 6
    assert torch.equal(step(x, 0.5, random()), step(x, 0.5, random()))


def test_colour_leaves_transparent_parts_alone():
    x = pictures(4)
    made = recolor(x, 1.0, random())
    assert torch.equal(made[:, 3], x[:, 3])
    assert torch.allclose(made[..., :8], x[..., :8], atol=1e-6)


def test_translation_moves_and_brings_in_transparency():
    x = pictures(4)
    made = translate(x, 1.0, random(2))
    for one, before in zip(made, x, strict=True):
        found = [
            (y, z)
            for y in range(-2, 3)
            for z in range(-2, 3)
            if torch.allclose(
                one[:, max(y, 0) : 16 + min(y, 0), max(z, 0) : 16 + min(z, 0)],
                before[:, max(-y, 0) : 16 + min(-y, 0), max(-z, 0) : 16 + min(-z, 0)],
                atol=1e-6,
            )
        ]
        assert found, "no translation gives this picture"
        y = found[0][0]
        if y:
            assert (one[:, :y] if y > 0 else one[:, y:]).sub(-1).abs().max() < 1e-6


def test_second_derivatives_pass():
    """The penalties differentiate twice through the critic, whose input this is."""
    x = pictures(4).requires_grad_()
    augment = Augment("diffaugment")
    (gradient,) = torch.autograd.grad((augment(x, random()) ** 3).sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert torch.isfinite(x.grad).all() and x.grad.abs().max() > 0


def test_auto_is_decided_by_the_number_of_pictures():
    assert decided("auto", FEW - 1) == "diffaugment" and decided("auto", FEW) == "adaptive"
    assert decided("none", 3) == "none"


def test_the_strength_follows_the_critic():
    augment, apart = Augment("adaptive"), torch.full((500,), 3.0)
    assert torch.equal(augment(pictures(), random()), pictures())
    for _ in range(60):
        augment.adapt(apart, -apart)
    risen = float(augment.strength)
    assert 0 < risen < 0.2
    for _ in range(1000):
        augment.adapt(apart, -apart)
    assert float(augment.strength) == pytest.approx(MOST)
    same = torch.linspace(-1, 1, 500)
    for _ in range(200):
        augment.adapt(same, same)
    assert float(augment.strength) < MOST
    assert augment.state_dict().keys() == {"strength", "overfit"}, "what a resumed run needs"


def test_fixed_kinds_do_not_move():
    for kind, strength in (("none", 0.0), ("diffaugment", 1.0)):
        augment = Augment(kind)
        augment.adapt(torch.ones(4), -torch.ones(4))
        assert float(augment.strength) == strength
