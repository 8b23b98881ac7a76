"""A run's folder: its plan in run.json, its lock, the family it describes. No steps, no optimisers.

    RUN/run.json       what was asked, frozen at the first start; a later start must ask for the same
        lock           held while a process trains into the folder
        checkpoints/, best/, stats.jsonl, previews/, tensorboard/

Before: presets.py, the sampler (domain). After: loop.py (trains into it), export.py (reads it).
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
from collections.abc import Iterator
from pathlib import Path

from blender_addon.engine import file_lock

from .checkpoint import load_newest
from .errors import CheckpointError
from .families import FAMILIES
from .family import Domain, Family, Sampler
from .manifest import FILE_NAME
from .progress import say

UNSAID = {
    "shards": 1,
    "precision": "auto",
    "compile": "auto",
    "source": None,
}  # in a new run; a later start keeps what it has
TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # what systems call a lock that somebody holds
NAMED = 5  # labels or materials that a message lists


def describe_plan(family: str, config: object, sampler: Sampler, seed: int, unsaid: dict) -> dict:
    """What run.json will say; values None of `unsaid` are open."""
    plan = {
        "family": family,
        "config": dataclasses.asdict(config),
        "seed": seed,
        **unsaid,
        "dataset": {"name": sampler.manifest.name, "sha256": sampler.manifest.sha256},
        "domain": dataclasses.asdict(sampler.domain),
        "provenance": {"licences": sampler.manifest.licences, "authors": list(sampler.manifest.authors)},
    }
    return json.loads(json.dumps(plan))  # tuples become lists, as they will be when it is read again


def settle_plan(run: Path, asked: dict) -> dict:
    """Write run.json at the first start; later compare, and raise CheckpointError with every difference."""
    path = run / "run.json"
    if not path.exists():
        plan = {k: UNSAID.get(k) if v is None else v for k, v in asked.items()}
        partial = path.with_suffix(".partial")
        try:
            partial.write_text(json.dumps(plan, indent=1, ensure_ascii=False))
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise CheckpointError(f"{path}: cannot be written ({error.strerror or error}).") from error
        return plan
    plan = read_run(run)
    if lines := differences(plan, asked):
        raise CheckpointError(
            "\n  ".join((f"{run}: was begun with something else:", *lines))
            + "\nAsk for what it was begun with, or train into another folder."
        )
    return plan


def read_run(run: str | Path) -> dict:
    """run.json of a run folder; CheckpointError when it is none."""
    path = Path(run) / "run.json"
    try:
        plan = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        hint = "a dataset" if (path.parent / FILE_NAME).is_file() else "no run of gan-train"
        raise CheckpointError(
            f"{path.parent}: is {hint} (run.json: {getattr(error, 'strerror', None) or error}). "
            "Give the folder that train --out made."
        ) from error
    return {**UNSAID, **plan}


def differences(plan: dict, asked: dict) -> list[str]:
    """Lines that say what a run was begun with and what is asked now; empty when nothing differs."""
    lines = []
    for key in ("family", "seed", *UNSAID):
        if asked[key] is not None and plan[key] != asked[key]:
            lines.append(f"{key}: was {plan[key]}, asked {asked[key]}")
    if plan["family"] == asked["family"]:
        was = {**defaults_before(FAMILIES[plan["family"]].config), **plan["config"]}
        for key, value in asked["config"].items():
            if was[key] != value:
                lines.append(f"{key}: was {_shown(was[key])}, asked {_shown(value)}")
        for key in was.keys() - asked["config"].keys():
            lines.append(f"{key}: was {_shown(was[key])}, is no setting any more")
    was, now = {**defaults_before(Domain), **plan["domain"]}, {**defaults_before(Domain), **asked["domain"]}
    lines += [
        line for key in now if was.get(key) != now[key] for line in _changed(key, was.get(key), now[key])
    ]
    if plan["dataset"]["sha256"] != asked["dataset"]["sha256"]:
        old, new = plan["dataset"], asked["dataset"]
        lines.append(
            f"dataset: was {old['name']} ({old['sha256'][:12]}), asked {new['name']} ({new['sha256'][:12]})"
        )
    return lines


def _changed(key: str, was: object, now: object) -> list[str]:
    """Lines for one field of the domain; what vanished and what is new is named."""
    if not (isinstance(was, list) and isinstance(now, list)):
        return [f"{key}: was {_shown(was)}, is {_shown(now)}"]
    if all(isinstance(name, str) for name in was + now) and set(was) != set(now):
        noun = key.removesuffix("s")
        lines = []
        for names, verb in ((was, "has vanished"), (now, "is new")):
            other = now if names is was else was
            found = [name for name in names if name not in other]
            lines += [f"{noun} {name!r}: {verb}" for name in found[:NAMED]]
            if len(found) > NAMED:
                lines.append(f"{key}: {len(found) - NAMED} more: {verb}")
        return lines
    return [f"{key}: has other values than when the run was begun"]


def defaults_before(kind: type) -> dict:
    """What a run of an older version was trained with where it lacks a setting: what the field says was `before` there
    was a choice, else its default."""
    values = {f.name: f.metadata.get("before", f.default) for f in dataclasses.fields(kind)}
    return json.loads(json.dumps({k: v for k, v in values.items() if v is not dataclasses.MISSING}))


def _shown(value: object) -> str:
    return ",".join(str(part) for part in value) if isinstance(value, list) else str(value)


def build_family(plan: dict) -> Family:
    """A family with fresh weights as run.json describes it."""
    try:
        entry = FAMILIES[plan["family"]]
        config = entry.config(**as_settings({**defaults_before(entry.config), **plan["config"]}))
        domain = Domain(**as_settings(plan["domain"]))
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"run.json: belongs to another version of gan-train ({error}).") from error
    return entry.family(config, domain)


def as_settings(values: dict) -> dict:
    """JSON has no tuples, our settings no lists."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


def load_averaged(run: str | Path, kept: str = "checkpoints") -> tuple[Family, dict, dict]:
    """The family of a run with its averaged weights -> family, run.json, state.json. `kept`: checkpoints or best."""
    run = Path(run)
    plan = read_run(run)
    found = load_newest(run, kept)
    if not found or not found[1]["step"]:
        raise CheckpointError(
            f"{run}: has no {'best ' if kept == 'best' else ''}checkpoint yet. Train some steps first."
        )
    tensors, about, damaged = found
    for error in damaged:
        say(f"{error} Taking step {about['step']}.")
    family = build_family(plan)
    load_weights(family, tensors, "family.")
    load_weights(family, tensors, "averaged.", strict=False)
    if reason := family.unready(about["step"]):
        say(f"warning: {run}: {reason}")
    return family, plan, about


def load_weights(family: Family, tensors: dict, prefix: str, strict: bool = True) -> None:
    """Take the tensors whose names begin with `prefix`; CheckpointError when they are those of other networks."""
    try:
        family.load_state_dict(
            {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}, strict
        )
    except RuntimeError as error:
        raise CheckpointError(
            f"The checkpoint holds other networks than this version of gan-train builds: {error}"
        ) from error


@contextlib.contextmanager
def locked(run: Path) -> Iterator[None]:
    """Nobody else trains into the folder meanwhile; CheckpointError when somebody does, or when it cannot be made."""
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"{run}: cannot be made a folder ({error.strerror or error}). Choose another --out."
        ) from error
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(file_lock.held(run / "lock"))
        except OSError as error:
            if (
                error.errno in TAKEN and error.filename is None
            ):  # with a name it is the file that cannot be opened
                raise CheckpointError(
                    f"{run}: another gan-train is training into this folder. Wait for it, stop it, or choose another "
                    "--out."
                ) from error
            raise CheckpointError(
                f"{run}: cannot be written to ({error.strerror or error}). Choose another --out, or mend that."
            ) from error
        yield
