#!/usr/bin/python3
"""Makes the fonts beside it, with Debian's fonts-dejavu-core and python3-fonttools: the characters that figures use, without
kerning and ligatures, and 64 stand-ins from U+E000 on. Each looks like a missing character and is a glyph of its own."""
import copy
import pathlib

from fontTools import subset
from fontTools.ttLib import TTFont

KEPT = [(0x20, 0x7E), (0xA0, 0xFF), (0x391, 0x3C9), (0x2010, 0x2026), (0x2190, 0x2193), (0x2212, 0x2212), (0x221E, 0x221E),
        (0x2248, 0x2248), (0x2264, 0x2265), (0xFFFD, 0xFFFD)]

for source, target in (("DejaVuSans", "LabSans"), ("DejaVuSans-Bold", "LabSans-Bold")):
    font = TTFont(f"/usr/share/fonts/truetype/dejavu/{source}.ttf", recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 13, 14])
    options.drop_tables += ["FFTM", "kern", "GDEF", "GPOS", "GSUB", "gasp"]
    maker = subset.Subsetter(options)
    maker.populate(unicodes=[code for first, last in KEPT for code in range(first, last + 1)])
    maker.subset(font)
    missing = font.getBestCmap()[0xFFFD]
    for index in range(64):
        name = f"standin{index}"
        font["glyf"][name] = copy.deepcopy(font["glyf"][missing])
        font["hmtx"][name] = font["hmtx"][missing]
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[0xE000 + index] = name
    font.save(pathlib.Path(__file__).parent / f"{target}.ttf")
