"""The pictures of blender_addon/README.md, out of the screenshots that the scenario `tour` leaves: make pictures.

Previous station: scenario_tour.py. Nothing here looks at what is on them: somebody has to.
"""

from pathlib import Path

from PIL import Image

CHECKOUT = Path(__file__).parents[2]
NAMES = ("cube", "one_face", "suzanne", "slider", "asset", "search")
VIEWPORT = (0, 60, 1325, 910)  # of the 1600 x 1000 window: without its menus and editors
PARTS = {"asset": (0, 30, 1600, 500)}
WIDTH = 1000  # pixels


def main() -> None:
    for name in NAMES:
        with Image.open(CHECKOUT / "out/window/tour" / f"{name}.png") as screen:
            part = screen.convert("RGB").crop(PARTS.get(name, VIEWPORT))
        small = part.resize((WIDTH, round(part.height * WIDTH / part.width)), Image.Resampling.LANCZOS)
        small.save(CHECKOUT / "blender_addon/pictures" / f"{name}.jpg", quality=82, optimize=True)


if __name__ == "__main__":
    main()
