"""What the commands answer: text for people, dicts for --json. Never numpy, never bpy; prints nothing.

Previous station: cli.py.
"""

import math
import os
from dataclasses import asdict

from .engine.surface_request import FACES


def cube_answer(made) -> dict:
    """The JSON answer of `gancube cube`."""
    return {
        "files": [os.path.abspath(path) for path in made.files],
        "seconds": {name: round(value, 4) for name, value in made.seconds.items()},
        "provider": made.model.provider,
        "check": {"max_error": made.model.check.max_error, "tolerance": made.model.check.tolerance},
        "model": str(made.model.path),
        "faces": [
            # An infinite ratio (a constant picture with one odd line) has no JSON.
            {
                "seed": texture.seed,
                "label": texture.label,
                "tile_r": round(r, 4) if math.isfinite(r) else None,
            }
            for texture, r in zip(made.textures, made.tile_r, strict=True)
        ],
        "recipe": asdict(made.recipe),
    }


def cube_text(made) -> str:
    """The answer of `gancube cube` for people."""
    lines = [
        f"model     {made.model.card.name} ({made.model.path})",
        f"provider  {made.model.provider}, {check_text(made.model.check)}",
        f"size      {made.recipe.size} px, maps: {', '.join(made.model.card.map_names)}",
        "",
        f"{'face':<6}{'label':<18}{'seed':<22}tile r",
    ]
    for face, texture, r in zip(FACES, made.textures, made.tile_r, strict=True):
        lines.append(f"{face:<6}{label_text(texture.label):<18}{texture.seed:<22}{r:.2f}")
    lines += [
        "",
        "tile r: the jump across the image's edge over the largest jump inside; up to 1.1 it tiles",
        "",
    ]
    lines += [f"wrote     {path} ({path.stat().st_size / 1e6:.1f} MB)" for path in made.files]
    lines.append("seconds   " + ", ".join(f"{name} {value:.2f}" for name, value in made.seconds.items()))
    return "\n".join(lines)


def label_text(label) -> str:
    """A label as one word: that of the most weight, with a + where it is mixed with others."""
    if not isinstance(label, dict):
        return label or "-"
    return max(label, key=label.get) + ("+" if len(label) > 1 else "")


def check_text(check) -> str:
    """How well the provider agrees with the model's test vector."""
    return f"test vector off by {check.max_error:.2g} (allowed {check.tolerance:.2g})"


def model_answer(entry) -> dict:
    card = entry.card
    if card is None:
        return {"name": entry.name, "path": str(entry.path), "fault": entry.fault}
    return {
        "name": entry.name,
        "path": str(entry.path),
        "summary": card.summary,
        "labels": list(card.labels),
        "takes": list(card.takes),
        "maps": list(card.map_names),
        "licences": dict(card.provenance.licences),
        "authors": list(card.provenance.authors),
        "sha256": entry.sha256,
    }


def takes_text(card) -> list[str]:
    if not card.takes_picture:
        return []
    larger = f", gives it {card.scale} times as large" if card.scale > 1 else ""
    return [f"  takes    a picture: {', '.join(card.takes)}{larger}"]


def model_text(entry) -> str:
    card = entry.card
    if card is None:
        return f"{entry.name}  cannot be used\n  {entry.fault}"
    licences = ", ".join(f"{name} ({count} images)" for name, count in card.provenance.licences.items())
    return "\n".join(
        [
            f"{entry.name}  {card.summary}",
            f"  file     {entry.path}",
            f"  labels   {', '.join(card.labels) or 'none'}",
            *takes_text(card),
            f"  maps     {', '.join(card.map_names)}",
            f"  sizes    multiples of {card.stride} px, default {card.default_size}"
            if not card.fixed_size
            else f"  size     {card.fixed_size} px",
            f"  data     {licences or 'no licence given'}",
        ]
    )
