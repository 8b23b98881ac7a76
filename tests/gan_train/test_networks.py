"""Networks and losses of gan_train: they wrap, they are differentiated rightly, they ignore what they should."""

import pytest

torch = pytest.importorskip("torch")

from gan_train.losses import gradient_penalty, relativistic, statistics_distance, tone_distance  # noqa: E402
from gan_train.networks import Critic, Encoder, Generator, spread, waves, wrap_pad  # noqa: E402


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return Generator(look=8, layout=4, width=(8, 8, 8, 8, 8)).eval()


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
    """Rolled by a whole period of the waves (here: the whole picture but for the field), it draws the same, rolled."""
    generator = Generator(look=8, layout=4, width=(8, 8, 8, 8, 8)).eval()
    for layer in generator.wave_in:
        layer.weight.data.zero_()  # the waves stand still while the field moves
    field, look = torch.randn(1, generator.field_channels, 4, 4), torch.randn(1, 8)
    with torch.no_grad():
        still, moved = generator(field, look), generator(field.roll((1, 2), (2, 3)), look)
    assert torch.allclose(still.roll((16, 32), (2, 3)), moved, atol=1e-5)


def test_waves_close_on_the_torus():
    for h, w in ((32, 32), (48, 20)):
        planes = waves(h, w, 4, 8, 128, torch.zeros(1))[0]
        step = (planes[:, :, 1:] - planes[:, :, :-1]).abs().amax((1, 2))
        wrap = (planes[:, :, 0] - planes[:, :, -1]).abs().amax(1)
        assert planes.shape == (32, h, w) and bool((wrap <= step + 1e-4).all())


def test_spread_makes_pixels_of_channels():
    assert spread(torch.randn(2, 16, 3, 5), 4).shape == (2, 1, 12, 20)


@pytest.mark.parametrize("cells", [(2, 2), (3, 5), (8, 8)])
def test_any_size_comes_out(generator, cells):
    with torch.no_grad():
        picture = generator(torch.randn(2, generator.field_channels, *cells), torch.randn(2, 8))
    assert picture.shape == (2, 3, cells[0] * 16, cells[1] * 16)
    assert bool((picture.abs() <= 1).all())


def test_look_and_field_both_matter(generator):
    field, look = torch.randn(2, generator.field_channels, 2, 2), torch.randn(2, 8)
    with torch.no_grad():
        a = generator(field[:1], look[:1])
        assert (a - generator(field[1:], look[:1])).abs().max() > 1e-3
        assert (a - generator(field[:1], look[1:])).abs().max() > 1e-3


def test_the_encoder_is_blind_to_layout():
    torch.manual_seed(0)
    encoder = Encoder(8)
    tile = torch.rand(1, 3, 32, 32) * 2 - 1
    other = encoder(torch.rand(1, 3, 256, 256) * 0.2)
    with torch.no_grad():
        a, b = encoder(tile.repeat(1, 1, 8, 8)), encoder(tile.roll((16, 16), (2, 3)).repeat(1, 1, 8, 8))
    assert (a - b).norm() < 0.3 * (a - other).norm()


def test_the_penalty_changes_the_gradients_of_the_critic():
    torch.manual_seed(0)
    critic = Critic(2, 8, (8, 8, 8, 8, 8))
    real = torch.rand(2, 3, 32, 32, requires_grad=True)
    logits, _ = critic(real, torch.tensor([0, 1]), torch.zeros(2, 8), torch.zeros(2, 1))
    penalty = gradient_penalty(logits, real)
    gradients = torch.autograd.grad(penalty, [critic.score.weight, critic.rgb.weight])
    assert penalty > 0 and all(g.abs().max() > 0 for g in gradients)


def test_gradient_penalty_of_a_known_function():
    x = torch.randn(3, 1, 2, 2, requires_grad=True)
    assert gradient_penalty((x * 2).sum((1, 2, 3)), x).item() == pytest.approx(16.0)


def test_the_relativistic_loss_falls_as_the_margin_grows():
    zeros = torch.zeros(4)
    assert relativistic(zeros + 2, zeros) < relativistic(zeros, zeros) < relativistic(zeros, zeros + 2)


def test_distances_are_zero_for_the_same_and_blind_to_layout():
    torch.manual_seed(0)
    a, b = torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 3, 64, 64) * 0.5
    assert tone_distance(a, a).item() == 0
    assert tone_distance(a, a.roll((16, 32), (2, 3))).item() < 0.02 * tone_distance(a, b).item()
    assert statistics_distance([a], [a]).item() == 0
    assert (
        statistics_distance([a], [a.roll((5, 9), (2, 3))]).item()
        < 1e-3
        < statistics_distance([a], [b]).item()
    )
