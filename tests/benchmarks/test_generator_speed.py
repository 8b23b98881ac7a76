"""Speed of a generator of the shipped size: onnxruntime against torch eager, and training images/s. Judges nothing.

    make bench     (or: .venv/bin/python -m pytest tests/benchmarks/test_generator_speed.py -m bench -s)

Both sides run in one process, alternating, on the same feeds; medians and their ratio are printed.
"""

import statistics
import time

import pytest

torch = pytest.importorskip("torch")

from blender_addon.engine.latents import draw  # noqa: E402
from blender_addon.engine.model import Model  # noqa: E402
from gan_train.demo_data import write_demo_data  # noqa: E402
from gan_train.export import export_run  # noqa: E402
from gan_train.loop import train  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402
from gan_train.run_folder import load_averaged, read_run  # noqa: E402

pytestmark = pytest.mark.bench
ROUNDS = 11
STEPS = 20  # of each stage
STAGES = {"autoencoder_steps": 1 + STEPS, "healer_steps": STEPS}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the preset that made the shipped generator (random weights are as fast as good ones)."""
    folder = tmp_path_factory.mktemp("bench")
    write_demo_data(folder / "pictures", count=8, size=192)
    prepare(PrepareOptions(source=folder / "pictures", out=folder / "dataset", size=192))
    train(folder / "dataset", folder / "run", "texture-cpu", STAGES, steps=1)
    return folder


@pytest.mark.parametrize("size", [256, 512])
def test_onnxruntime_against_torch_eager(run, size):
    export_run(run / "run", run / "model.onnx")
    model = Model.load(run / "model.onnx", provider="cpu")
    deployment = load_averaged(run / "run")[0].deploy()
    feeds = draw(model.card, 1, None, size)
    tensors = [torch.from_numpy(feeds[name]) for name in deployment.feeds]
    seconds = {"onnxruntime": [], "torch eager": []}
    for _ in range(ROUNDS):
        with torch.inference_mode():
            began = time.perf_counter()
            deployment.module(*tensors)
            seconds["torch eager"].append(time.perf_counter() - began)
        began = time.perf_counter()
        model.run_raw(feeds)
        seconds["onnxruntime"].append(time.perf_counter() - began)
    median = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    ratio = median["torch eager"] / median["onnxruntime"]
    print(
        f"\n{size} px, one texture: "
        + ", ".join(f"{k} {v:.3f} s" for k, v in median.items())
        + f", ratio {ratio:.2f}"
    )


def test_training_images_per_second(run):
    batch = read_run(run / "run")["config"]["batch"]
    for stage, name in enumerate(("autoencoder", "latent maps", "latent maps and decoder"), start=1):
        began = time.perf_counter()
        train(run / "dataset", run / "run", "texture-cpu", STAGES, steps=1 + stage * STEPS)
        rate = STEPS * batch / (time.perf_counter() - began)
        threads = torch.get_num_threads()
        print(f"\ntexture-cpu, {name}, {threads} threads: {rate:.1f} images/s, start and save included")
