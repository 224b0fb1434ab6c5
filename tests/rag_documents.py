"""Documents in five formats, made here, and questions that ask for them in other words."""

import io
import zipfile
from xml.sax.saxutils import escape

HANDBOOK = """# Staff handbook

## Leave

### Annual leave

Everyone gets twenty-eight days of paid leave a year. Days that were not taken by the end of March lapse. Ask your
lead two weeks ahead, so that the rota can be changed.

### Parental leave

A new mother or father may stay at home for sixteen weeks on full pay. The weeks can be split, and must be taken
within a year of the birth or adoption.

### Illness

Tell the office before nine in the morning when you cannot come in. From the fourth day on we need a certificate from
a physician.

## Money

### Expenses

Keep the receipt of every purchase made for the firm and hand it in within a month. Train tickets in second class are
refunded in full; taxis only after ten at night.

### Salary

Pay arrives on the twenty-fifth. Once a year, in October, each lead reviews what the members of the team earn.

## Security

### Passwords

Every account has a passphrase of at least four words of its own, kept in the vault program, and a hardware key as a
second factor. Nobody from the help desk will ever ask you for either.

### Lost devices

If a laptop or phone is stolen, ring the duty engineer at once, at any hour. The disk will be wiped from afar.

```
# This is no heading but a shell comment
wipe --device LAPTOP
```
"""

FURNACE = [
    [
        "Installing the K-200 furnace",
        "The furnace stands on a level stone floor, with half a metre of free room on every side.",
        "Its flue needs a draught of at least twelve pascal. Have a chimney sweep approve it before the first fire.",
    ],
    [
        "What the display shows",
        "E1: the feed water is too cold. Open the mixing valve by a quarter turn.",
        "E4: no flame was seen within ninety seconds. Check that pellets slide into the burner,",
        "then clean the glass of the flame sensor with a dry cloth.",
        "E7: the exhaust fan turns too slowly. Remove soot from its blades.",
    ],
    [
        "Care",
        "Empty the ash drawer every week while it is in use. Ash stays hot for two days: keep it in a metal bucket.",
        "In spring a technician replaces the door gasket and measures the fumes.",
    ],
]

RECIPES = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>Grandmother's kitchen</title>
<style>p { color: red }</style><script>document.write("<p>tracking pixel</p>")</script></head>
<body><nav><a href="/">Home</a> <a href="/shop">Shop</a></nav>
<h1>Grandmother&#8217;s kitchen</h1>
<h2>Sourdough loaf</h2><p>Stir the starter into <b>lukewarm</b> water, add rye flour and salt, and let the dough
prove overnight under a damp cloth. Bake it in a very hot oven until the crust sounds hollow.</p>
<h2>Pumpkin soup</h2><p>Roast the pumpkin with garlic, then simmer it in stock and blend it until it is smooth.
Season it with nutmeg and serve it with roasted seeds.</p>
<h2>Plum jam</h2><ul><li>Halve and stone the fruit.</li><li>Boil it with half its weight of sugar for an hour.</li>
<li>Fill it into jars that were rinsed with boiling water, and close them while it is hot.</li></ul>
</body></html>"""

TOWN = [
    ("Heading1", "A short history of Wellbrook"),
    ("Heading2", "The mill"),
    ("", "In 1742 the miller Josef Arndt dammed the brook and ground grain for eleven villages. His wheel turned until "
         "the great flood of 1889 carried it away."),
    ("Heading2", "The railway"),
    ("", "The first locomotive arrived in the summer of 1861, and half the county came to see it. Within ten years the "
         "wool of the valley was sold as far away as Trieste."),
    ("Heading2", "The school"),
    ("", "Girls were admitted to the grammar school in 1908, after the widow Helene Voss had left it her fortune on "
         "that condition."),
]  # fmt: skip

STARS = """Notes from the observatory.

Jupiter's four large moons can be seen with simple binoculars. They change their places from night to night.

The Perseids return every August, when the Earth crosses the dust that a comet left behind; up to a hundred streaks of
light an hour can be counted after midnight.

A total eclipse of the sun happens where the moon's full shadow falls. Birds fall silent, and the corona can be seen.

Cepheids are stars whose brightness pulses. The longer the period, the more light they give, and so they measure the
distance to other galaxies.
"""

QUESTIONS = (
    ("How much holiday may I take?", "handbook.md", "twenty-eight days"),
    ("time off after having a baby", "handbook.md", "sixteen weeks"),
    ("Do I need a doctor's note when I am sick?", "handbook.md", "certificate"),
    ("Will the company pay for my cab ride home?", "handbook.md", "taxis"),
    ("when do we get a raise", "handbook.md", "October"),
    ("My notebook computer was taken by a thief", "handbook.md", "stolen"),
    ("the boiler says ignition failed", "furnace.pdf", "E4"),
    ("how often must cinders be removed", "furnace.pdf", "ash drawer"),
    ("requirements for the chimney", "furnace.pdf", "flue"),
    ("baking bread at home", "recipes.html", "rye flour"),
    ("preserving fruit for the winter", "recipes.html", "jars"),
    ("When did trains reach the town?", "town.docx", "1861"),
    ("natural disaster that destroyed the water wheel", "town.docx", "1889"),
    ("education for young women", "town.docx", "grammar school"),
    ("shooting stars in summer", "stars.txt", "Perseids"),
    ("how far away are distant galaxies, and how is it known", "stars.txt", "Cepheids"),
)
"""Question, document, and a word of the passage that answers it."""


def handbook() -> dict[str, bytes]:
    """All documents by name."""
    return {
        "handbook.md": HANDBOOK.encode(),
        "furnace.pdf": pdf(FURNACE),
        "recipes.html": RECIPES.encode(),
        "town.docx": docx(TOWN),
        "stars.txt": STARS.encode(),
    }


def pdf(pages: list[list[str]]) -> bytes:
    """A PDF of lines of text."""
    contents = [
        b"BT /F1 11 Tf 14 TL 50 780 Td " + b"".join(b"(%s) Tj T* " % _literal(line) for line in lines) + b"ET"
        for lines in pages
    ]
    return pdf_of(contents)


def pdf_of(contents: list[bytes], forms: list[bytes] = [], *, filters: bytes = b"") -> bytes:  # noqa: B006
    """A PDF of these content streams, a page each. All may draw the forms, by the names /X0, /X1 and so on."""
    count, first_form = len(contents), 3 + 2 * len(contents)
    names = b" ".join(b"/X%d %d 0 R" % (number, first_form + number) for number in range(len(forms)))
    resources = (
        b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << %s >> >>" % names
    )
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(count))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)]
    objects += [
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources %s >>"
        % (3 + count + number, resources)
        for number in range(count)
    ]
    objects += [b"<< %s /Length %d >> stream\n%s\nendstream" % (filters, len(each), each) for each in contents]
    objects += [
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources %s /Length %d >> stream\n%s\nendstream"
        % (resources, len(each), each)
        for each in forms
    ]
    out, offsets = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, each in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, each))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def docx(paragraphs: list[tuple[str, str]]) -> bytes:
    """A Word document of paragraphs, each with its style."""
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{escape(text)}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    return docx_of(
        f'<?xml version="1.0"?><w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>'.encode()
    )


def docx_of(xml: bytes) -> bytes:
    """A Word document with this main part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", xml)
    return out.getvalue()


def _literal(text: str) -> bytes:
    return text.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
