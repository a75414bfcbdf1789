#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes text_tables.cpp from Python's own Unicode and HTML tables: make_text_tables.py > text_tables.cpp"""
import html.entities
import unicodedata

CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def runs(codes):
    """Sorted codes as [first, last] pairs."""
    out = []
    for c in codes:
        if out and c == out[-1][1] + 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def strided(pairs):
    """(code, value) pairs as [first, last, stride, value of first]; value grows with code."""
    out = []
    for code, value in pairs:
        if out:
            first, last, stride, start = out[-1]
            step = code - last
            if value - start == code - first and (step == stride or (first == last and step in (1, 2))):
                out[-1] = [first, code, step, start]
                continue
        out.append([code, code, 1, value])
    return out


def table(kind, name, rows):
    cells = ["{" + ",".join(f"{v:#x}" if isinstance(v, int) else v for v in row) + "}" for row in rows]
    print(f"const std::vector<{kind}>& {name}()\n{{\n    static const std::vector<{kind}> table {{")
    line = "       "
    for cell in cells:
        if len(line) + len(cell) + 2 > 110:
            print(line)
            line = "       "
        line += " " + cell + ","
    print(line + "\n    };\n    return table;\n}\n")


def literal(text):
    return '"' + "".join(f"\\{b:03o}" if b < 32 or b > 126 or b in b'"\\?' else chr(b) for b in text.encode()) + '"'


def category(prefix):
    return runs(c for c in CODES if unicodedata.category(chr(c)).startswith(prefix))


def canonical():
    """[composite, first, second] of every canonical decomposition; second is 0 for a singleton."""
    for c in CODES:
        decomposition = unicodedata.decomposition(chr(c))
        if decomposition and "<" not in decomposition:
            parts = [int(part, 16) for part in decomposition.split()]
            yield [c, parts[0], parts[1] if len(parts) == 2 else 0]


def combining_classes():
    out = []
    for c in CODES:
        value = unicodedata.combining(chr(c))
        if value and out and out[-1][1] == c - 1 and out[-1][2] == value:
            out[-1][1] = c
        elif value:
            out.append([c, c, value])
    return out


def final_sigma(text):
    return (text + "\u03a3").lower().endswith("\u03c2")


def mapping(codes, function):
    """(code, value) of the codes that map to one other code."""
    values = ((c, function(chr(c))) for c in codes)
    return strided((c, ord(value)) for c, value in values if len(value) == 1 and value != chr(c))


decompositions = list(canonical())

print("// SPDX-License-Identifier: MIT")
print(f"// Made by make_text_tables.py from Unicode {unicodedata.unidata_version} and HTML 5.")
print('// clang-format off\n#include "core/data/text_tables.h"\n\nnamespace reverie::text_tables {\n')
table("CodeRange", "letters", category("L"))
table("CodeRange", "numbers", category("N"))
table("CodeRange", "spaces", runs(c for c in CODES if chr(c).isspace()))
table("CodeRange", "cased", runs(c for c in CODES if final_sigma(chr(c))))
table("CodeRange", "case_ignorable", runs(c for c in CODES if not final_sigma(chr(c)) and final_sigma("a" + chr(c))))
table("CodeMap", "lower_case", mapping(CODES, str.lower))
table("CodeMap", "narrow_forms",
      mapping([0x3000, *range(0xFF01, 0xFFF0)], lambda c: unicodedata.normalize("NFKC", c)))
table("CombiningClass", "combining_classes", combining_classes())
table("Decomposition", "decompositions", decompositions)
table("CodeRange", "composition_exclusions",
      runs(c for c, _, second in decompositions if second and unicodedata.normalize("NFC", chr(c)) != chr(c)))
table("Entity", "html_entities", sorted([[literal(k), literal(v)] for k, v in html.entities.html5.items()],
                                        key=lambda row: row[0]))
print("} // namespace reverie::text_tables")
