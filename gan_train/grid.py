"""Rows of pictures with their label and seeds written beside them; numpy and Pillow only.

Previous station: sample.py. Next: engine.png. sheet.py is the bare grid of training previews; this one is for people.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 4  # pixels between pictures
ROOM = 120  # pixels at most that a column of smaller pictures is widened to for the words under them
TEXT = 14  # height of letters in pixels
INK, PAPER = (30, 30, 30), (255, 255, 255)


def labelled_grid(
    rows: list[tuple[str, list[tuple[int | str, np.ndarray]]]], caption: str = ""
) -> np.ndarray:
    """[(label, [(seed or words, [H, W, 3] uint8)])] -> [H', W', 3] uint8: labels on the left, the seed under each."""
    height, width = rows[0][1][0][1].shape[:2]
    font = ImageFont.load_default(TEXT)
    columns = max(len(pictures) for _, pictures in rows)
    margin = max(_text_width(font, label) for label, _ in rows)
    margin += 2 * GAP if margin else 0
    words = max(_text_width(font, str(seed)) for _, pictures in rows for seed, _ in pictures) + 1
    column_width = max(width, min(words, ROOM))
    row_height, top = height + TEXT + 2 * GAP, TEXT + 2 * GAP if caption else 0
    total_width = max(margin + columns * (column_width + GAP), _text_width(font, caption) + 2 * GAP)
    sheet = Image.new("RGB", (total_width, top + len(rows) * row_height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), caption, INK, font)
    for row, (label, pictures) in enumerate(rows):
        y = top + row * row_height
        draw.text((GAP, y + height // 2 - TEXT // 2), label, INK, font)
        for column, (seed, picture) in enumerate(pictures):
            x = margin + column * (column_width + GAP)
            sheet.paste(Image.fromarray(np.ascontiguousarray(picture)), (x, y))
            draw.text((x + 1, y + height), _shortened(str(seed), font, column_width), INK, font)
    return np.asarray(sheet)


def _text_width(font, text: str) -> int:
    return int(np.ceil(font.getlength(text))) if text else 0


def _shortened(text: str, font, width: int) -> str:
    """A 20-digit seed under a small picture: its first and last digits."""
    if _text_width(font, text) <= width:
        return text
    keep = len(text) // 2
    while keep > 1 and _text_width(font, f"{text[:keep]}..{text[-keep:]}") > width:
        keep -= 1
    return f"{text[:keep]}..{text[-keep:]}"
