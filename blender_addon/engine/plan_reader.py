"""What the values of a plan mean, strictly: every fault is found, none ends the search. Standard library only.

Previous station: plan_source.py. Next: plan.py. A key of a group of assets may also stand at the top, for all of them.
"""

import difflib
from collections.abc import Callable
from pathlib import Path

from . import asset_catalog, asset_names, library
from .card_values import check_setting
from .errors import GanCubeError, PlanError, RequestError
from .plan import (
    CHECKS,
    DEFAULT_IMAGES,
    EACH,
    ENCODINGS,
    FORMATS,
    LAYOUTS,
    MODES,
    MOST_ASSETS,
    RANGES,
    TURNS,
    Asset,
    Group,
    Plan,
    Target,
)
from .plan_chain import chain_faults, steps
from .plan_source import KeyPath, Source
from .plan_values import (
    Fault,
    catalog,
    choice,
    label,
    list_of,
    model,
    number_from,
    numbers,
    seeds,
    tag,
    target,
    template,
    whole_from,
)
from .providers import CHOICES
from .sizes import MAX_SIZE, check_size
from .surface_request import MOST_IMAGES, resolve_label

MOST_FAULTS = 200


def read_plan(source: Source, folders: list[Path]) -> Plan:
    """folders: where models are looked for. PlanError with all faults in the order of the file."""
    return Reader(source, folders).plan()


class Reader:
    def __init__(self, source: Source, folders: list[Path]):
        self.source, self.folders = source, folders
        self.faults: dict[
            tuple[int, str], None
        ] = {}  # (line, sentence), once: a key at the top is read for each group

    def fault(self, path: KeyPath, what: str) -> None:
        place = self.source.where(path)
        self.faults.setdefault((self.source.line(path) or 0, f"{place}: {what}"))

    def plan(self) -> Plan:
        values, groups = self.source.values, self.source.values.get("assets")
        self.unknown(values, (*TOP, *GROUP), ())
        layout = self.one(values, (), "layout", "folders", choice(LAYOUTS))
        provider = self.one(values, (), "provider", "auto", choice(CHOICES))
        check = self.one(values, (), "check", "all", choice(CHECKS))
        if not isinstance(groups, list) or not all(isinstance(one, dict) for one in groups):
            self.fault(("assets",), "must be a list of tables: write [[assets]] above each.")
        elif not groups:
            self.fault(("assets",), "is an empty list. A plan needs assets to make.")
        else:
            read = [self.group(one, i) for i, one in enumerate(groups)]
            assets = self.expanded([group for group in read if group is not None], layout == "flat")
        if self.faults:
            sentences = [sentence for _, sentence in sorted(self.faults, key=lambda fault: fault[0])]
            if (more := len(sentences) - MOST_FAULTS) > 0:
                sentences[MOST_FAULTS:] = [f"{self.source.file}: and {more} faults more."]
            raise PlanError(sentences)
        return Plan(tuple(assets), layout, provider, check)

    def unknown(self, table: dict, known, path: KeyPath) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"Is it {near[0]!r}?" if near else f"There are {', '.join(known)}."
                self.fault((*path, key), f"is not a key of a plan. {hint}")

    def one(self, table: dict, path: KeyPath, key: str, default, read: Callable):
        """The value of a key, read; `default` where it is not there; None after a fault."""
        if key not in table:
            if key not in self.source.values or key in TOP:
                return default
            table, path = self.source.values, ()
        try:
            return read(self, table[key])
        except Fault as fault:
            for below, sentence in fault.found:
                self.fault((*path, key, *below), sentence)
        except GanCubeError as error:
            self.fault((*path, key), str(error))
        return None

    def group(self, table: dict, number: int) -> Group | None:
        """None where it has a fault."""
        before, path = len(self.faults), ("assets", number)
        self.unknown(table, GROUP, path)

        def get(key, default, read):
            return self.one(table, path, key, default, read)

        surface = {
            "mode": get("mode", "faces", choice(MODES)),
            "width": get("width", 1.0, number_from(*RANGES["width"])),
            "blend": get("blend", 0.25, number_from(*RANGES["blend"])),
            "each": get("each", "polygon", choice(EACH)),
            "bake": get("bake", 1024, whole_from(*RANGES["bake"])),
        }
        sources = get("targets", (("cube", "", ""),), list_of(target))
        entries = get("models", None, list_of(model))
        if "models" not in table and "models" not in self.source.values:
            entries = self.default_model(path)
        facts = {
            "labels": get("labels", (None,), list_of(label)),
            "seeds": get("seeds", (range(0, 1),), list_of(seeds)),
            "sizes": get("sizes", (None,), list_of(whole_from(1, MAX_SIZE))),
            "variations": get("variations", 1, whole_from(1, 10_000)),
            "combine": get("combine", "all", choice(TURNS)),
            "images": get("images", DEFAULT_IMAGES, whole_from(1, MOST_IMAGES)),
            "scalars": get("scalars", {}, numbers),
            "formats": get("formats", ("glb",), list_of(choice(FORMATS))),
            "encoding": get("texture", "png", choice(tuple(ENCODINGS))),
            "tags": get("tags", (), list_of(tag)),
            "name": get("name", "", template),
            "catalog": get("catalog", "", catalog),
            "transform": get("transform", (), steps),
        }
        if facts["catalog"] and facts["formats"] and "blend" not in facts["formats"]:
            self.fault(
                (*path, "catalog"), "is of .blend files. Put blend among the formats, or leave it out."
            )
        if (
            facts["formats"]
            and facts["encoding"]
            and not set(facts["formats"]) & set(ENCODINGS[facts["encoding"]])
        ):
            have = ", ".join(ENCODINGS[facts["encoding"]])
            self.fault(
                (*path, "texture"), f"{facts['encoding']}: none of the formats can hold it; {have} can."
            )
        self.fits_models(entries or (), facts, path)
        if len(self.faults) > before:
            return None
        return Group(
            targets=tuple(Target(*one, **surface) for one in sources),
            models=tuple(
                (entry.name, str(entry.path), entry.sha256, entry.card.default_size) for entry in entries
            ),
            where=(*path, "name"),
            **facts,
        )

    def default_model(self, path: KeyPath):
        try:
            return (library.read_entry(library.default(self.folders)),)
        except GanCubeError as error:
            self.fault((*path, "models"), str(error))
            return ()

    def fits_models(self, entries, facts: dict, path: KeyPath) -> None:
        """Labels, sizes and scalars against the card of every model of the group, as when they are used."""
        checks: list[tuple[str, int | str, object, Callable]] = []
        for n, one in enumerate(facts["labels"] or ()):
            checks.append(("labels", n, one, lambda card, n, one: resolve_label(card, 0, one)))
        for n, one in enumerate(facts["sizes"] or ()):
            checks.append(("sizes", n, one, lambda card, n, one: check_size(card, one)))
        for name, one in (facts["scalars"] or {}).items():
            checks.append(("scalars", name, one, check_setting))
        for entry in entries:
            for sentence in chain_faults(entry, facts["transform"] or (), facts["sizes"] or ()):
                self.fault((*path, "transform"), sentence)
            if entry.card.takes_picture:
                self.fault((*path, "models"), f"{entry.name}: changes a picture and makes none out of seeds.")
            for key, inside, value, check in checks:
                try:
                    if value is not None:
                        check(entry.card, inside, value)
                except RequestError as error:
                    self.fault(self.place(path, key, inside), str(error))

    def place(self, path: KeyPath, key: str, inside: int | str) -> KeyPath:
        """Of an entry of a list or table, in the group or at the top; a list of one may stand there bare."""
        values = self.source.values
        for n in path:
            values = values[n]
        if key not in values:
            values, path = self.source.values, ()
        kind = list if isinstance(inside, int) else dict
        return (*path, key, inside) if isinstance(values[key], kind) else (*path, key)

    def expanded(self, groups: list[Group], flat: bool) -> list[Asset]:
        count = sum(group.count for group in groups)
        if count > MOST_ASSETS:
            self.fault(("assets",), f"makes {count} assets; {MOST_ASSETS} are the most of one plan.")
            return []
        assets: list[Asset] = []
        owners: list[Group] = []
        for group in groups:
            for choice_ in group.choices():
                assets.append(self.asset(group, choice_, len(assets)))
                owners.append(group)
                if len(self.faults) > MOST_FAULTS:
                    return []
        for number, other, sentence in asset_names.collisions([asset.name for asset in assets], flat):
            one, first = owners[number].where, owners[other].where
            self.fault(one, sentence + (f" The other: {self.source.where(first)}." if first != one else ""))
            if len(self.faults) > MOST_FAULTS:
                break
        return assets

    def asset(self, group: Group, chosen: tuple, index: int) -> Asset:
        fields = asset_names.fields_of(*chosen, index)
        name = asset_names.render(group.name or asset_names.default_template(group), fields)
        if fault := asset_names.fault_of(name):
            self.fault(group.where, fault)
        target_, (model_name, _, sha256, _) = chosen[0], chosen[1]
        request = group.request(*chosen)
        shelf = asset_catalog.clean_path(asset_names.render(group.catalog, fields))
        facts = (group.formats, group.encoding, group.tags, shelf, group.transform)
        return Asset(name, target_, request, model_name, sha256, *facts)


TOP = ("assets", "layout", "provider", "check")
GROUP = (
    "targets",
    "mode",
    "models",
    "labels",
    "seeds",
    "sizes",
    "variations",
    "combine",
    "images",
    "scalars",
    "formats",
    "texture",
    "name",
    "tags",
    "catalog",
    "transform",
    "width",
    "blend",
    "each",
    "bake",
)
