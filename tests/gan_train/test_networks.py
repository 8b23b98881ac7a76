"""Networks and losses of gan_train: they wrap, they are differentiated rightly, they ignore what they should."""

import pytest

torch = pytest.importorskip("torch")

from gan_train.lattice import step_weights  # noqa: E402
from gan_train.layers import spread, wrap_pad  # noqa: E402
from gan_train.losses import (  # noqa: E402
    band_distance,
    color_distance,
    gradient_penalty,
    patch_distance,
    relativistic,
)
from gan_train.networks import MEANS, Critic, Decoder, Encoder, Healer, enlarged, small_picture  # noqa: E402
from gan_train.relief import normal_of_height  # noqa: E402

CHANNELS = 6  # learned channels of latent maps


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


def test_a_lattice_is_found():
    """Rows of a wall, four cells high: only shifts by whole courses are in step."""
    rows = torch.tensor([2.0, 0.0, 0.0, -2.0]).repeat(4)[:, None].expand(16, 16)
    pixels = ((rows + 2) * 60).byte().numpy().repeat(4, 0).repeat(4, 1)[..., None].repeat(3, 2)
    weights, best = step_weights(pixels, 4)
    assert best == pytest.approx(1) and (weights[::4] == 0).all() and (weights[1::4] < -10).all()


def test_what_agrees_with_itself_nowhere_has_no_lattice():
    pixels = torch.randint(0, 256, (64, 64, 3), generator=torch.Generator().manual_seed(0)).byte().numpy()
    weights, best = step_weights(pixels, 4)
    assert best < 0.1 and weights.min() > -10
    assert step_weights(pixels * 0, 4)[1] == 0


def test_spread_makes_pixels_of_channels():
    assert spread(torch.randn(2, 16, 3, 5), 4).shape == (2, 1, 12, 20)


def test_encoder_and_decoder_fit_each_other():
    encoder, decoder = Encoder(CHANNELS, (8, 8)), Decoder(CHANNELS, (8, 8, 8, 8), maps=1)
    picture = torch.rand(2, 3, 96, 128) * 2 - 1
    latent = encoder(picture)
    assert latent.shape == (2, MEANS + CHANNELS, 12, 16)
    learned = latent[:, MEANS:]
    assert learned.mean().item() == pytest.approx(0, abs=1e-4)
    assert learned.var(unbiased=False).item() == pytest.approx(1, abs=0.01)
    drawn = decoder(latent, [torch.randn(2, 1, 96 // k, 128 // k) for k in (4, 2, 1)])
    assert drawn.shape == (2, 4, 96, 128) and bool((drawn.abs() <= 1).all())


def test_a_latent_map_begins_with_the_picture_four_times_smaller():
    picture = torch.rand(1, 3, 16, 24) * 2 - 1
    small = torch.nn.functional.pixel_shuffle(small_picture(picture), 2)
    assert torch.allclose(small[0, 1, 2, 3], picture[0, 1, 8:12, 12:16].mean())


def test_an_untrained_decoder_draws_about_the_small_picture():
    torch.manual_seed(0)
    color = torch.tensor([0.5, 0.0, -0.4])[None, :, None, None].expand(1, 3, 64, 64)
    latent = torch.cat((small_picture(color), torch.zeros(1, CHANNELS, 8, 8)), 1)
    drawn = Decoder(CHANNELS, (8, 8, 8, 8))(latent, [torch.zeros(1, 1, 64 // k, 64 // k) for k in (4, 2, 1)])
    assert (drawn - color).abs().max() < 0.5


def test_enlarging_goes_on_at_the_other_side():
    x = torch.randn(1, 2, 4, 6)
    assert torch.allclose(enlarged(x.roll((1, 2), (2, 3)), 4), enlarged(x, 4).roll((4, 8), (2, 3)), atol=1e-6)
    assert torch.allclose(enlarged(torch.ones(1, 1, 2, 2), 4), torch.ones(1, 1, 8, 8))


def test_the_healer_touches_nothing_but_seams():
    torch.manual_seed(0)
    quilt, seam = torch.rand(1, MEANS + CHANNELS, 8, 8), torch.zeros(1, 1, 8, 8)
    seam[:, :, 3] = 1
    with torch.no_grad():
        healed = Healer(MEANS + CHANNELS, 8, 1)(quilt, seam, torch.randn(1, 1, 8, 8))
    away = (healed - quilt).abs().amax((0, 1))
    assert (away[3] > 1e-3).all() and away[[0, 1, 2, 4, 5, 6, 7]].max() == 0


def test_normals_are_those_of_the_height():
    """A wave of one pixel of height along x and, apart, along the rows; green points up."""
    turn = torch.arange(32.0) * (2 * torch.pi / 32)
    height = (turn.sin() / 8).expand(1, 1, 32, 32)  # -1 to 1 is -8 to 8 pixels
    slope = turn.cos() * torch.sin(torch.tensor(2 * torch.pi / 32))
    along_x, along_y = normal_of_height(height)[0], normal_of_height(height.transpose(2, 3))[0]
    assert torch.allclose(along_x[0, 0], -slope / (1 + slope**2).sqrt(), atol=1e-5)
    assert torch.allclose(along_y[1, :, 0], slope / (1 + slope**2).sqrt(), atol=1e-5)
    assert torch.allclose(along_x.norm(dim=0), torch.ones(32, 32)) and along_x[1].abs().max() < 1e-6


def test_the_penalty_changes_the_gradients_of_the_critic():
    torch.manual_seed(0)
    critic = Critic(3, 2, (8, 8, 8))
    real = torch.rand(2, 3, 32, 32, requires_grad=True)
    logits = critic(real, torch.tensor([0, 1]))
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


def test_a_grid_between_the_places_that_are_looked_at_is_seen_in_time():
    """3 x 3 patches at every fourth place never cover what stands at 3 modulo 4."""
    torch.manual_seed(0)
    plain = torch.randn(1, 3, 64, 64)
    grid = plain.clone()
    grid[:, :, 3::4] += 2
    random = torch.Generator().manual_seed(0)
    found = [patch_distance(grid, plain, random, least=0.03, stride=4).item() for _ in range(12)]
    assert min(found) < 1e-3 < 0.05 < sum(found) / len(found)


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
