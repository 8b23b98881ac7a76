"""What `prepare` did, for people and for machines: counts, what was changed, what was left out and why.

Previous station: prepare.py. Standard library only; the command prints it, report.json keeps it.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from .manifest import Manifest
from .progress import counted

UNKNOWN_LICENCE = "unknown"


@dataclass
class Report:
    """What prepare did, for people (`lines`) and machines (report.json)."""

    manifest: Manifest
    unchanged: bool
    other_maps: list[str]  # files
    notes: list[tuple[str, str]] = field(default_factory=list)  # (file, what was changed)

    def warnings(self) -> list[str]:
        unknown = self.manifest.licences.get(UNKNOWN_LICENCE, 0)
        if not unknown:
            return []
        return [
            f"warning: the licence of {unknown} images is unknown. "
            "A model trained on them should not be given to others. "
            "State it with --licence (for example --licence CC0-1.0) or in a manifest.csv with the columns path and "
            "licence."
        ]

    def lines(self) -> list[str]:
        manifest = self.manifest
        counts = Counter((item.label, item.split) for item in manifest.items)
        width = max(len(label) for label in manifest.labels)
        state = "unchanged" if self.unchanged else "written"
        lines = [
            f"{manifest.folder} {state}: {counted(len(manifest.items), 'image')} in "
            f"{counted(len(manifest.labels), 'label')}"
        ]
        lines += [f"  {'label':<{width}}  train  held out"]
        for label in manifest.labels:
            lines.append(f"  {label:<{width}}  {counts[label, 'train']:5d}  {counts[label, 'heldout']:8d}")
        lines.append("licences: " + ", ".join(f"{name} {count}" for name, count in manifest.licences.items()))
        maps = Counter(name for item in manifest.items for name in item.maps)
        if maps:
            lines.append("maps: " + ", ".join(f"{name} {count}" for name, count in sorted(maps.items())))
        if self.other_maps:
            lines.append(f"other maps of the materials, not used: {_some(self.other_maps)}")
        lines += _grouped("changed", self.notes)
        lines += _grouped("left out", [(entry.file, entry.reason) for entry in manifest.left_out])
        return lines + self.warnings()

    def as_json(self) -> dict:
        counts = Counter((item.label, item.split) for item in self.manifest.items)
        return {
            "labels": {
                label: {split: counts[label, split] for split in ("train", "heldout")}
                for label in self.manifest.labels
            },
            "left_out": {entry.file: entry.reason for entry in self.manifest.left_out},
            "changed": [{"file": file, "what": what} for file, what in self.notes],
            "other_maps": self.other_maps,
            "scaling": "Lanczos in linear light, never enlarged",
            "warnings": self.warnings(),
        }


def _grouped(title: str, pairs: list[tuple[str, str]]) -> list[str]:
    """One line per reason with a count and three examples; names of other files are cut from the reason first."""
    by_reason: dict[str, list[str]] = {}
    for file, reason in pairs:
        by_reason.setdefault(re.sub(r"(duplicate) of .*", r"\1", reason), []).append(file)
    if not pairs:
        return []
    lines = [f"{title}: {len(pairs)} (all of them with reasons in report.json)"]
    for reason, files in sorted(by_reason.items(), key=lambda entry: -len(entry[1])):
        lines.append(f"  {len(files):5d}  {reason}: {_some(files)}")
    return lines


def _some(files: list[str]) -> str:
    more = f", and {len(files) - 3} more" if len(files) > 3 else ""
    return ", ".join(files[:3]) + more
