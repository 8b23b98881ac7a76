"""Networks and losses of gan_train: they wrap, they are differentiated rightly, they ignore what they should."""

import pytest

torch = pytest.importorskip("torch")

from gan_train.lattice import step_weights  # noqa: E402
from gan_train.layers import spread, wrap_pad  # noqa: E402
from gan_train.looks import Looks  # noqa: E402
from gan_train.losses import (  # noqa: E402
    band_distance,
    color_distance,
    gradient_penalty,
    patch_distance,
    relativistic,
)
from gan_train.networks import (  # noqa: E402
    Critic,
    Decoder,
    Encoder,
    Generator,
    LatentGenerator,
    LookEncoder,
    field_channels,
)
from gan_train.relief import normal_of_height  # noqa: E402
from gan_train.textons import read_texton, scatter_texton  # noqa: E402

LAYOUT, CHANNELS, TEXTON = (
    4,
    6,
    (6, 3 * 3 + 1),
)  # channels of the layout and of latent maps; shape of a texton


def small_generator():
    torch.manual_seed(0)
    draw = LatentGenerator(CHANNELS, look=8, layout=LAYOUT, width=8)
    return Generator(draw, Decoder(CHANNELS, (8, 8, 8, 8, 8), maps=1)).eval()


@pytest.fixture(scope="module")
def generator():
    return small_generator()


def test_wrap_pad_takes_the_opposite_side():
    x = torch.arange(12.0).reshape(1, 1, 3, 4)
    assert torch.equal(wrap_pad(x), torch.nn.functional.pad(x, (1, 1, 1, 1), mode="circular"))


def test_wrap_pad_has_the_gradient_of_circular_padding():
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 3, 6, 7, dtype=torch.float64)
    (ours,) = torch.autograd.grad((wrap_pad(x) * weight).sum(), x)
    (theirs,) = torch.autograd.grad(
        (torch.nn.functional.pad(x, (1, 1, 1, 1), mode="circular") * weight).sum(), x
    )
    assert torch.allclose(ours, theirs)


def test_the_generator_is_a_torus(generator):
    """Where the field is rolled, the picture is rolled."""
    field, look, texton = (
        torch.randn(1, field_channels(LAYOUT), 4, 4),
        torch.randn(1, 8),
        torch.randn(1, *TEXTON),
    )
    with torch.no_grad():
        still, moved = (
            generator(field, look, texton, NO_STEPS),
            generator(field.roll((1, 2), (2, 3)), look, texton, NO_STEPS),
        )
    assert torch.allclose(still.roll((32, 64), (2, 3)), moved, atol=1e-5)


NO_STEPS = torch.zeros(1, 2 * 2 + 1)  # any shift as good as another


def test_textons_keep_mean_and_variance_and_what_they_show():
    torch.manual_seed(0)
    stripes = torch.randn(1, 2, 1, 6).repeat(1, 1, 6, 1) + 3.0
    maps = scatter_texton(
        read_texton(stripes, 6).expand(64, -1, -1), NO_STEPS.expand(64, -1), torch.randn(64, 1, 24, 36)
    )
    assert maps.mean((0, 2, 3)) == pytest.approx(stripes.mean((0, 2, 3)).numpy(), abs=0.2)
    assert maps.var((0, 2, 3)) == pytest.approx(stripes.var((0, 2, 3), unbiased=False).numpy(), rel=0.35)
    along = (maps[:, :, 1:] - maps[:, :, :-1]).square().mean()
    across = (maps[:, :, :, 1:] - maps[:, :, :, :-1]).square().mean()
    assert along < 0.3 * across


def test_textons_wrap_even_on_small_maps():
    texton, noise = torch.randn(1, *TEXTON), torch.randn(1, 1, 2, 2)
    small = scatter_texton(texton, NO_STEPS, noise)
    large = scatter_texton(texton, NO_STEPS, noise.repeat(1, 1, 4, 4))
    assert torch.allclose(small.repeat(1, 1, 4, 4), large, atol=1e-5)


def test_a_lattice_keeps_courses_in_step():
    """Rows of a wall, four cells high, from a piece of it: with the wall's own steps the rows stay where they are."""
    torch.manual_seed(0)
    rows = torch.tensor([2.0, 0.0, 0.0, -2.0]).repeat(4)[None, None, :, None].expand(1, 1, 16, 16)
    pixels = ((rows[0, 0] + 2) * 60).byte().numpy().repeat(4, 0).repeat(4, 1)[..., None].repeat(3, 2)
    weights, best = step_weights(pixels, 4)
    assert best == pytest.approx(1) and (weights[::4] == 0).all() and (weights[1::4] < -10).all()
    steps = torch.tensor([*weights.ravel(), best], dtype=torch.float32)[None]
    noise = torch.randn(8, 1, 32, 32)
    texton = read_texton(rows[:, :, 3:11, :8], 8).expand(8, -1, -1)

    def in_step(maps):
        """Share of the variance that is explained by the row, modulo four."""
        means = maps.unflatten(2, (8, 4)).mean((2, 4))
        return (means.var(2, unbiased=False) / maps.var((2, 3), unbiased=False)).mean().item()

    assert in_step(scatter_texton(texton, steps.expand(8, -1), noise)) > 0.95
    assert in_step(scatter_texton(texton, torch.zeros_like(steps).expand(8, -1), noise)) < 0.5


def test_what_agrees_with_itself_nowhere_has_no_lattice():
    pixels = torch.randint(0, 256, (64, 64, 3), generator=torch.Generator().manual_seed(0)).byte().numpy()
    weights, best = step_weights(pixels, 4)
    assert best < 0.1 and weights.min() > -10
    assert step_weights(pixels * 0, 4)[1] == 0


def test_spread_makes_pixels_of_channels():
    assert spread(torch.randn(2, 16, 3, 5), 4).shape == (2, 1, 12, 20)


@pytest.mark.parametrize("cells", [(2, 2), (3, 5), (8, 8)])
def test_any_size_comes_out(generator, cells):
    with torch.no_grad():
        picture = generator(
            torch.randn(2, field_channels(LAYOUT), *cells),
            torch.randn(2, 8),
            torch.randn(2, *TEXTON),
            NO_STEPS.expand(2, -1),
        )
    assert picture.shape == (2, 4, cells[0] * 32, cells[1] * 32)
    assert bool((picture.abs() <= 1).all())


def test_look_texton_and_every_part_of_the_field_matter(generator):
    field, look, texton = (
        torch.randn(1, field_channels(LAYOUT), 2, 2),
        torch.randn(1, 8),
        torch.randn(1, *TEXTON),
    )
    with torch.no_grad():
        still = generator(field, look, texton, NO_STEPS)
        assert (generator(field, look + 1, texton, NO_STEPS) - still).abs().max() > 1e-4
        assert (generator(field, look, texton + 1, NO_STEPS) - still).abs().max() > 1e-3
        for channel in (0, LAYOUT, LAYOUT + 4, LAYOUT + 20, LAYOUT + 84, LAYOUT + 340):
            other = field.clone()
            other[:, channel] += 1.0
            assert (generator(other, look, texton, NO_STEPS) - still).abs().max() > 1e-5, channel


def test_encoder_and_decoder_fit_each_other():
    encoder, decoder = Encoder(CHANNELS, (8, 8, 8)), Decoder(CHANNELS, (8, 8, 8, 8, 8))
    latent = encoder(torch.rand(2, 3, 96, 128) * 2 - 1)
    assert latent.shape == (2, CHANNELS, 6, 8)
    assert latent.mean().item() == pytest.approx(0, abs=1e-4)
    assert latent.var(unbiased=False).item() == pytest.approx(1, abs=0.01)
    grain = [torch.randn(2, 1, 96 // k, 128 // k) for k in (8, 4, 2, 1)]
    assert decoder(latent, grain).shape == (2, 3, 96, 128)


def test_normals_are_those_of_the_height():
    """A wave of one pixel of height along x and, apart, along the rows; green points up."""
    turn = torch.arange(32.0) * (2 * torch.pi / 32)
    height = (turn.sin() / 8).expand(1, 1, 32, 32)  # -1 to 1 is -8 to 8 pixels
    slope = turn.cos() * torch.sin(torch.tensor(2 * torch.pi / 32))
    along_x, along_y = normal_of_height(height)[0], normal_of_height(height.transpose(2, 3))[0]
    assert torch.allclose(along_x[0, 0], -slope / (1 + slope**2).sqrt(), atol=1e-5)
    assert torch.allclose(along_y[1, :, 0], slope / (1 + slope**2).sqrt(), atol=1e-5)
    assert torch.allclose(along_x.norm(dim=0), torch.ones(32, 32)) and along_x[1].abs().max() < 1e-6


def test_the_look_encoder_is_blind_to_layout():
    torch.manual_seed(0)
    encoder = LookEncoder(CHANNELS, 8)
    tile = torch.randn(1, CHANNELS, 8, 8)
    with torch.no_grad():
        a, b = encoder(tile.repeat(1, 1, 4, 4)), encoder(tile.roll((4, 2), (2, 3)).repeat(1, 1, 4, 4))
        other = encoder(torch.randn(1, CHANNELS, 32, 32) * 0.2)
    assert (a - b).norm() < 0.3 * (a - other).norm()


def small_looks(labels):
    return Looks(max(labels) + 1, labels, length=16, texton=(2, 2), period=2, sharpness=4.0, noise=0.0)


def test_looks_blend_only_the_materials_of_the_label_that_were_seen():
    torch.manual_seed(0)
    looks, codes, textons, steps = (
        small_looks((0, 0, 0, 1)),
        torch.randn(4, 16),
        torch.randn(4, 2, 5),
        torch.randn(4, 5),
    )
    looks.remember(torch.tensor([0, 1, 3]), codes[[0, 1, 3]], textons[[0, 1, 3]], steps[[0, 1, 3]])
    z, first, second = torch.randn(40, 16), torch.eye(2)[[0] * 40], torch.eye(2)[[1] * 40]
    one = torch.ones(40, 1)
    assert torch.allclose(looks(z, first, 0 * one)[0], codes[:2].mean(0).expand(40, -1), atol=1e-5)
    assert torch.allclose(looks(z, first, 0 * one)[1], textons[:2].mean(0).expand(40, -1, -1), atol=1e-5)
    assert torch.allclose(looks(z, first, 0 * one)[2], steps[:2].mean(0).expand(40, -1), atol=1e-5)
    assert torch.allclose(looks(z, second, one)[0], codes[3].expand(40, -1), atol=1e-5)
    picked = looks(z, first, 1000 * one)[0]
    nearest = torch.cdist(picked, codes[:2]).min(1).values
    assert bool((nearest < 1e-2).all()) and len(picked.round(decimals=1).unique(dim=0)) == 2


def test_looks_of_nothing_seen_are_no_nan():
    look, texton, steps = small_looks((0, 1))(torch.randn(3, 16), torch.eye(2)[[0, 1, 0]], torch.ones(3, 1))
    assert torch.isfinite(look).all() and torch.isfinite(texton).all() and torch.isfinite(steps).all()


def test_the_penalty_changes_the_gradients_of_the_critic():
    torch.manual_seed(0)
    critic = Critic(3, 2, 8, (8, 8, 8))
    real = torch.rand(2, 3, 32, 32, requires_grad=True)
    logits = critic(real, torch.tensor([0, 1]), torch.zeros(2, 8), torch.zeros(2, 1))
    penalty = gradient_penalty(logits, real)
    gradients = torch.autograd.grad(penalty, [critic.score.weight, critic.start.weight])
    assert penalty > 0 and all(g.abs().max() > 0 for g in gradients)


def test_gradient_penalty_of_a_known_function():
    x = torch.randn(3, 1, 2, 2, requires_grad=True)
    assert gradient_penalty((x * 2).sum((1, 2, 3)), x).item() == pytest.approx(16.0)


def test_the_relativistic_loss_falls_as_the_margin_grows():
    zeros = torch.zeros(4)
    assert relativistic(zeros + 2, zeros) < relativistic(zeros, zeros) < relativistic(zeros, zeros + 2)


def test_patches_are_compared_wherever_they_stand():
    def away(a, b):
        return patch_distance(a, b, torch.Generator().manual_seed(0)).item()

    torch.manual_seed(0)
    tile = torch.randn(1, 3, 8, 8)
    a, moved = tile.repeat(1, 1, 4, 4), tile.roll((3, 5), (2, 3)).repeat(1, 1, 4, 4)
    other = torch.randn(1, 3, 8, 8).repeat(1, 1, 4, 4)
    blurred = torch.nn.functional.avg_pool2d(a, 3, 1, 1)
    assert away(a, a) == 0 < away(a, moved) < 0.3 * away(a, other) < away(a, blurred)


def test_octaves_are_weighed_and_relative():
    coarse = torch.randn(1, 3, 4, 4).repeat_interleave(4, 2).repeat_interleave(4, 3)
    checks = torch.ones(1, 3, 16, 16)
    checks[:, :, ::2, ::2] = checks[:, :, 1::2, 1::2] = -1
    grey = torch.zeros_like(coarse)
    assert band_distance(grey, checks, (1.0, 0.0, 0.0)).item() == pytest.approx(1.0, abs=0.01)
    assert band_distance(grey, 0.5 * checks, (1.0, 0.0, 0.0)).item() == pytest.approx(1.0, abs=0.02)
    assert band_distance(grey, checks, (0.0, 1.0, 1.0)).item() == pytest.approx(0.0, abs=1e-6)
    assert band_distance(grey, coarse, (1.0, 1.0, 0.0)).item() == pytest.approx(0.0, abs=1e-6)
    assert band_distance(grey, coarse, (0.0, 0.0, 1.0)).item() == pytest.approx(1.0, abs=0.01)
    assert band_distance(coarse, coarse, (1.0, 1.0, 1.0)).item() == 0


def test_colours_are_compared_without_brightness():
    cyan = torch.tensor([-0.5, 0.3, 0.4])[None, :, None, None].expand(1, 3, 16, 16)
    assert color_distance(cyan, cyan) == 0 == color_distance(cyan + 0.2, cyan).round(decimals=6)
    assert color_distance(cyan * 0, cyan).item() == pytest.approx(1, abs=0.02)
    less_green = cyan - torch.tensor([0.0, 0.35, 0.0])[None, :, None, None]
    assert color_distance(less_green, cyan).item() == pytest.approx(0.5, abs=0.02)
