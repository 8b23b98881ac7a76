"""Steps in shards: two processes give the bits of one, and a run goes on with another number of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gan_train.errors import ConfigError  # noqa: E402
from gan_train.loop import train  # noqa: E402
from gan_train.parallel import Processes  # noqa: E402
from gan_train.shards import Buffers, shard_seed  # noqa: E402

from .test_loop import SMALL, TINY, as_arguments, state  # noqa: E402

CHECKOUT = Path(__file__).parents[2]


def differing(one, other):
    assert one.keys() == other.keys()
    return [k for k in one if not torch.equal(one[k], other[k])]


@pytest.fixture
def one_thread():
    """torchrun gives each process one thread; sums in another order would differ in the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_two_processes_give_the_bits_of_one_with_two_shards(small_dataset, tmp_path, one_thread):
    """Equal bits, not only a tolerance: a sum of two does not depend on the order. Steps 1 to 3, one of each stage."""
    alone, together = tmp_path / "alone", tmp_path / "together"
    train(small_dataset, alone, "texture-small", TINY, steps=3, shards=2)
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    command = ("train", str(small_dataset), f"--out={together}", *as_arguments("texture-small", TINY))
    done = subprocess.run(
        [*torchrun, "-m", "gan_train", *command, "--steps=3"],
        cwd=CHECKOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    assert "2 batches of 4 per step in 2 processes" in done.stderr
    assert done.stdout.count("written") == 1 and done.stderr.count("step 3/3") == 1
    assert differing(state(alone), state(together)) == []
    for run in (alone, together):
        train(small_dataset, run, "texture-small", TINY, steps=4)
    assert differing(state(alone), state(together)) == []


@pytest.mark.parametrize("family", SMALL)
def test_a_run_in_shards_resumes_bit_for_bit(datasets, tmp_path, family):
    small_dataset = datasets[family]
    preset, settings = SMALL[family]
    train(small_dataset, tmp_path / "straight", preset, settings, steps=3, shards=2)
    for steps in (1, 3):
        train(small_dataset, tmp_path / "resumed", preset, settings, steps=steps, shards=2)
    train(small_dataset, tmp_path / "one", preset, settings, steps=3)
    straight = state(tmp_path / "straight")
    assert differing(straight, state(tmp_path / "resumed")) == []
    assert differing(straight, state(tmp_path / "one")) != []


def test_shards_draw_differently_and_the_first_as_a_run_without_shards():
    assert shard_seed(7, 0) == 7
    assert len({shard_seed(seed, shard) for seed in range(8) for shard in range(8)}) == 64


def test_shards_must_be_shared_evenly():
    processes = Processes()
    assert list(processes.share_of(3)) == [0, 1, 2]
    processes.rank, processes.count = 1, 2
    assert list(processes.share_of(4)) == [2, 3]
    with pytest.raises(ConfigError, match="3 shards cannot be shared by 2 processes"):
        processes.share_of(3)


def test_of_each_buffer_value_the_last_shard_that_changed_it_decides():
    network = torch.nn.BatchNorm1d(3)
    network.register_buffer("codes", torch.zeros(4))
    processes, buffers = Processes(), Buffers(network)
    for shard, (first, last) in enumerate(((0, 2), (1, 3))):
        assert not network.codes.any() and network.num_batches_tracked == 0, "starts from before the phase"
        network.codes[first:last] = shard + 1.0
        network(torch.full((2, 3), float(shard)))
        buffers.collect()
    buffers.settle(processes)
    assert network.codes.tolist() == [1.0, 2.0, 2.0, 0.0]
    assert network.num_batches_tracked == 1 and torch.allclose(network.running_mean, torch.full((3,), 0.1))
