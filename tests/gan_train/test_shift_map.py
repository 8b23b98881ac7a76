"""Remembered materials: which are drawn, how they are laid out anew, and that it all lies on a torus."""

import pytest

torch = pytest.importorskip("torch")

from gan_train.labelled_generator import Generator  # noqa: E402
from gan_train.memory import Materials, patches, quantised, restored, tinted  # noqa: E402
from gan_train.networks import MEANS, Decoder, Healer, small_picture  # noqa: E402
from gan_train.shift_map import NOISE, Memory, lay_out  # noqa: E402

LEARNED = 3
SIDE = 8  # cells a side of what is remembered


def bricks(size=64):
    """A wall [1, 3, size, size]: courses of 16 px, every other one moved by half a brick of 32 px, in eight tones."""
    y, x = torch.arange(size)[:, None], torch.arange(size)[None]
    course = y // 16
    brick = (x + 16 * (course % 2)) % size // 32
    tone = torch.tensor([0.1, 0.5, 0.3, 0.7, 0.2, 0.6, 0.4, 0.8])[(2 * course + brick) % 8]
    joint = (y % 16 < 4) | ((x + 16 * (course % 2)) % 32 < 4)
    wall = torch.where(joint, torch.tensor(-0.8), tone)
    return torch.stack((wall, 0.5 * wall, 0.2 * wall))[None]


def remembered(shifts, wraps=1.0, count=2):
    small = quantised(small_picture(bricks()))
    both = small[:, None].expand(count, 2, -1, -1, -1).contiguous()
    shifts = torch.tensor(shifts)[None, None].expand(count, 2, -1, -1).contiguous()
    return Memory(both, shifts, torch.full((count, 2), wraps))


def shown(memory, index):
    """What the layout shows of the small picture in cells [N, h, w] of both maps, [N, 12, h, w]."""
    cells = memory.small.transpose(1, 2).flatten(2).float()
    return cells.gather(2, index.flatten(1)[:, None].expand(-1, 12, -1)).unflatten(2, index.shape[1:])


def test_shifts_in_step_leave_a_wall_whole():
    """Bricks are moved by whole bricks: whatever stands where, the joints are where they were."""
    torch.manual_seed(0)
    memory = remembered([(0, 0), (4, 0), (0, 4), (2, 2), (6, 2), (2, 6)])
    index, seam = lay_out(torch.randn(2, NOISE, 16, 16), torch.zeros(2, 1, 64, 64), memory)
    assert index.shape == (2, 9, 64, 64)
    wall = memory.small[:, 0].float().repeat(1, 1, 8, 8)
    joints, found = wall[:, :3] < 60, shown(memory, index[:, 0])[:, :3] < 60
    assert (joints == found).float().mean() > 0.97
    assert 0 < seam.mean() < 0.9


def test_out_of_step_the_seams_are_moved_to_where_they_show_least():
    """Any shift may be proposed: cells whose surroundings agree win, so the joints meet better than by chance."""
    torch.manual_seed(0)
    anywhere = [(i, j) for i in range(SIDE) for j in range(SIDE)]
    memory = remembered(anywhere, count=4)
    noise = torch.randn(4, NOISE, 4, 4)
    index = lay_out(noise, torch.zeros(4, 1, 16, 16), memory)[0][:, 0]
    by_chance = torch.randint(0, 64, index.shape, generator=torch.Generator().manual_seed(0))

    def jumps(index):
        """How far neighbours are from those that stand there in the wall."""
        y, x = index % 64 // SIDE, index % SIDE
        right = y * SIDE + (x + 1) % SIDE
        there, wanted = shown(memory, index).roll(-1, 3), shown(memory, right)
        return (there - wanted).square().mean()

    assert jumps(index) < 0.2 * jumps(by_chance)


def test_no_shift_is_no_seam_and_what_does_not_wrap_has_one():
    noise, second = torch.randn(2, NOISE, 4, 4), torch.zeros(2, 1, 16, 16)
    memory = remembered([(0, 0)])
    index, seam = lay_out(noise, second, memory)
    assert seam.max() == 0
    assert torch.equal(shown(memory, index[:, 0]), memory.small[:, 0].float().repeat(1, 1, 2, 2))
    _, seam = lay_out(noise, second, remembered([(0, 0)], wraps=0.0))
    assert seam[:, :, 7:9].min() == 1 == seam[:, :, :, 7:9].min(), "the border of the picture is one"


def test_the_second_map_shows_where_it_should():
    memory = remembered([(0, 0)])
    second = torch.zeros(2, 1, 16, 16)
    second[:, :, :, 8:] = 1
    index, seam = lay_out(torch.randn(2, NOISE, 4, 4), second, memory)
    assert torch.equal((index[:, 0] >= SIDE * SIDE).float(), second[:, 0])
    assert seam[:, 0, :, 7:9].min() == 1


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return Generator(Healer(MEANS + LEARNED, 8, 1), Decoder(LEARNED, (8, 8, 8, 8), maps=1)).eval()


def drawn(generator, field, share=0.3, tint=0.0):
    n = len(field)
    latent = torch.cat((small_picture(bricks()), torch.randn(1, LEARNED, SIDE, SIDE)), 1)
    latent = torch.cat((latent, latent.roll((3, 1), (2, 3)) * 0.5))
    maps = quantised(latent)[None].expand(n, -1, -1, -1, -1)
    memory = Memory(maps[:, :, :MEANS], torch.randint(0, SIDE, (n, 2, 5, 2)), torch.ones(n, 2))
    with torch.no_grad():
        return generator(field, maps, memory, torch.full((n, 1), share), torch.full((n, 2, 3), tint))


def test_the_generator_is_a_torus(generator):
    """Where the field is rolled by whole widths of what is remembered, the picture is rolled."""
    field = torch.randn(1, Generator.CHANNELS, 4, 6)
    torch.manual_seed(1)
    still = drawn(generator, field)
    torch.manual_seed(1)
    moved = drawn(generator, field.roll((2, 4), (2, 3)))
    assert torch.allclose(still.roll((64, 128), (2, 3)), moved, atol=1e-5)


@pytest.mark.parametrize("cells", [(1, 1), (2, 2), (3, 5), (8, 8)])
def test_any_size_comes_out(generator, cells):
    picture = drawn(generator, torch.randn(2, Generator.CHANNELS, *cells))
    assert picture.shape == (2, 4, cells[0] * 32, cells[1] * 32)
    assert bool((picture.abs() <= 1).all())


def test_every_part_of_the_field_matters_and_so_does_tint(generator):
    field = torch.randn(1, Generator.CHANNELS, 8, 8)

    def one(field, **more):
        torch.manual_seed(2)
        return drawn(generator, field, share=0.5, **more)

    still = one(field)
    assert (one(field, tint=0.3) - still).mean() > 0.1
    for first, last in ((0, NOISE), (NOISE, NOISE + 1), *grain_channels()):
        other = field.clone()
        other[:, first:last] = torch.randn(other[:, first:last].shape)
        assert (one(other) - still).abs().max() > 1e-5, first


def grain_channels():
    start = NOISE + 1
    for g in Generator.GRAIN:
        yield start, start + g * g
        start += g * g


# Memory


def test_eight_bits_hold_a_latent_map():
    latent = torch.cat((torch.rand(2, MEANS, 4, 4) * 2 - 1, torch.randn(2, LEARNED, 4, 4).clamp(-4, 4)), 1)
    assert (restored(quantised(latent)) - latent).abs().max() < 0.02


def small_memory(labels, tint=0.0):
    torch.manual_seed(0)
    materials = Materials(max(labels) + 1, labels, 16, 4, LEARNED, 3, sharpness=20.0, tint=tint)
    return materials


def test_only_materials_of_the_label_that_were_seen_are_chosen():
    materials = small_memory((0, 0, 0, 1))
    latent = torch.rand(3, MEANS + LEARNED, 4, 4)
    materials.remember(torch.tensor([0, 1, 3]), latent, torch.randint(0, 4, (3, 3, 2)), torch.ones(3))
    z, one = torch.randn(60, 16), torch.ones(60, 1)
    first, share, _ = materials.choose(z, torch.eye(2)[[0] * 60], one)
    assert set(first.flatten().tolist()) == {0, 1} and bool((first[:, 0] <= first[:, 1]).all())
    assert ((share < 0.01) | (share > 0.99)).float().mean() > 0.8, "mostly one material"
    second, _, _ = materials.choose(z, torch.eye(2)[[1] * 60], one)
    assert set(second.flatten().tolist()) == {3}
    mixed, share, _ = materials.choose(z, torch.full((60, 2), 0.5), one)
    assert (mixed[:, 1] == 3).all() and share.median() == pytest.approx(0.5, abs=0.05)


def test_a_walk_from_one_material_to_another_has_no_leaps():
    """The share of each material in a picture changes gradually along a line in z."""
    materials = small_memory((0, 0, 0, 0))
    materials.remember(
        torch.arange(4), torch.rand(4, MEANS + LEARNED, 4, 4), torch.zeros(4, 3, 2), torch.ones(4)
    )
    a, b = torch.randn(2, 16)
    t = torch.linspace(0, 1, 2000)[:, None]
    chosen, share, _ = materials.choose(a + t * (b - a), torch.ones(2000, 1), torch.ones(2000, 1))
    parts = torch.zeros(2000, 4).scatter_add_(1, chosen, torch.cat((1 - share, share), 1))
    assert (parts[1:] - parts[:-1]).abs().max() < 0.1
    assert (parts[0] - parts[-1]).abs().max() > 0.9


def test_colours_go_to_those_of_another_material():
    materials = small_memory((0, 0, 0, 0), tint=0.5)
    latent = torch.rand(4, MEANS + LEARNED, 4, 4)
    materials.remember(torch.arange(4), latent, torch.zeros(4, 3, 2), torch.ones(4))
    chosen, _, tint = materials.choose(torch.randn(50, 16), torch.ones(50, 1), torch.ones(50, 1))
    assert tint.abs().max() > 0.01
    reached = materials.colors[chosen] + tint / 0.5
    assert reached.min() > materials.colors.min() - 0.01 and reached.max() < materials.colors.max() + 0.01
    moved = tinted(latent, torch.full((4, 3, 1, 1), 0.1))
    assert torch.allclose(moved[:, :MEANS], (latent[:, :MEANS] + 0.1).clamp(-1, 1))
    assert torch.equal(moved[:, MEANS:], latent[:, MEANS:])


def test_nothing_seen_is_no_nan():
    chosen, share, tint = small_memory((0, 1)).choose(
        torch.randn(3, 16), torch.eye(2)[[0, 1, 0]], torch.ones(3, 1)
    )
    assert bool((chosen < 2).all()) and torch.isfinite(share).all() and torch.isfinite(tint).all()


def test_patches_of_noise_are_evenly_spread_and_large():
    torch.manual_seed(0)
    value = patches(torch.randn(64, 1, 8, 8), torch.randn(64, 1, 32, 32))
    shares = torch.linspace(0.1, 0.9, 9)
    assert torch.allclose(torch.quantile(value.flatten(), shares), shares, atol=0.04)
    assert (value - value.roll(1, 3)).abs().mean() < 0.4 * (value - value.roll(16, 3)).abs().mean()
