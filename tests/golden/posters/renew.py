"""Repaints the golden pictures: run `python tests/golden/posters/renew.py`, then check each."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from contentsvc.posters import Fonts, list_templates, load_brand, render

HERE = Path(__file__).parent
ASSETS = HERE.parents[2] / "assets"
WIDTH = 270


def main() -> None:
    """Write a small picture of each template at each size."""
    fonts, brand = Fonts(), load_brand(ASSETS / "brand.yaml")
    brand = brand.model_copy(update={"name": "暖芽妈妈·会员群"})
    templates, faults = list_templates([ASSETS / "posters"])
    for fault in faults:
        raise fault
    for template in templates:
        for size in template.sizes:
            poster = render(
                template,
                template.samples(),
                size=size,
                brand=brand,
                pictures=dict[str, bytes]().__getitem__,
                fonts=fonts,
            )
            height = round(poster.image.height * WIDTH / poster.image.width)
            small = poster.image.resize((WIDTH, height), Image.Resampling.LANCZOS)
            small.save(HERE / f"{template.id}-{size}.png", optimize=True)


if __name__ == "__main__":
    main()
