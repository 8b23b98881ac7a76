"""The table of measures: rows, their text and their JSON; standard library only.

Previous station: reference.py. Next: the command prints it, export.py keeps its summary in the card.
"""

from dataclasses import asdict, dataclass

from .progress import counted


@dataclass(frozen=True)
class Row:
    """One measure. `value` and `floor` are None where the model or the dataset does not allow it."""

    name: str
    value: float | None
    floor: float | None
    better: str  # "lower", "higher", or "near floor"
    meaning: str
    low: float | None = None  # 95 % of the values that other samples would give
    high: float | None = None
    n: int | None = None  # samples that the value rests on; materials, where those are fewer


@dataclass(frozen=True)
class Panel:
    """All measures of one generator on one dataset."""

    rows: tuple[Row, ...]
    count: int  # pictures on each side
    view: int  # pixels: size of the samples
    crop: int  # pixels
    labels: tuple[str, ...]
    seed: int
    dataset_sha256: str
    model_sha256: str
    extractor_sha256: str  # of the random features: figures of another extractor do not compare
    beside: str = "floor"  # what the second number of each row is

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def ratio(self, name: str) -> float | None:
        """Value over floor."""
        row = self.row(name)
        return None if row.value is None or not row.floor else row.value / row.floor

    def as_json(self) -> dict:
        data = asdict(self)
        data["measures"] = {row.pop("name"): row for row in data.pop("rows")}
        return data

    def summary(self) -> dict[str, float]:
        """name -> value and, as "name_floor", what stands beside it, rounded: what a card's provenance keeps."""
        pairs = [(row.name, row.value) for row in self.rows] + [
            (f"{row.name}_{self.beside}", row.floor) for row in self.rows
        ]
        return {name: float(f"{value:.4g}") for name, value in pairs if value is not None}

    def title(self) -> str:
        return (
            f"{self.count} samples of {self.view} px, {counted(len(self.labels), 'label')} evenly, "
            f"crops of {self.crop} px, seed {self.seed}"
        )

    def foot(self) -> list[str]:
        return [f"random features: extractor {self.extractor_sha256[:12]}"]

    def lines(self) -> list[str]:
        width = max(len(row.name) for row in self.rows)
        lines = [
            self.title(),
            f"  {'measure':<{width}}  {'value':>9}  {'95 % interval':>18}  {self.beside:>9}  {'n':>5}  better",
        ]
        for row in self.rows:
            value, floor = ("-" if number is None else f"{number:.4g}" for number in (row.value, row.floor))
            interval = "-" if row.low is None else f"{row.low:.4g} to {row.high:.4g}"
            lines.append(
                f"  {row.name:<{width}}  {value:>9}  {interval:>18}  {floor:>9}  {row.n or '-':>5}  "
                f"{row.better:<10}  {row.meaning}"
            )
        return [*lines, *self.foot()]
