"""English words that can stand in for each other and make a caption wrong.

Classes are closed and small on purpose: a word is listed only where a swap gives another meaning
beyond doubt, so near neighbours such as red and orange are never swapped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....schemas.audit import ErrorType


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A class of words, and what each can be replaced by."""

    error_type: ErrorType
    """What is wrong afterwards."""
    pattern: re.Pattern[str]
    """Finds a word where it has the meaning that is swapped."""
    options: Mapping[str, tuple[str, ...]]
    """Replacements by word, in lower case."""
    unless: re.Pattern[str] | None = None
    """What must not stand in the text, as grammar would give the swap away."""


_COLORS = {
    "red": "blue green yellow",
    "yellow": "blue red purple",
    "green": "red purple orange",
    "teal": "red orange yellow",
    "blue": "red yellow orange",
    "purple": "green yellow orange",
    "pink": "green blue yellow",
    "brown": "blue green purple",
    "black": "white red yellow",
    "white": "black red blue",
    "gray": "red green yellow",
    "grey": "red green yellow",
}
_NOUNS = (
    "dog/dogs cat/cats horse/horses cow/cows elephant/elephants rabbit/rabbits",
    "car/cars bus/buses bicycle/bicycles motorcycle/motorcycles truck/trucks boat/boats",
    "apple/apples banana/bananas carrot/carrots onion/onions tomato/tomatoes potato/potatoes",
    "cup/cups bowl/bowls plate/plates bottle/bottles jar/jars",
    "fork/forks knife/knives spoon/spoons spatula/spatulas",
    "chair/chairs table/tables sofa/sofas bed/beds bench/benches",
    "phone/phones laptop/laptops keyboard/keyboards television/televisions",
    "guitar/guitars piano/pianos violin/violins trumpet/trumpets",
    "hat/hats jacket/jackets scarf/scarves apron/aprons",
    "hammer/hammers screwdriver/screwdrivers wrench/wrenches drill/drills",
    "circle/circles square/squares triangle/triangles",
    "kitchen/kitchens bedroom/bedrooms office/offices garage/garages",
    "beach/beaches forest/forests desert/deserts street/streets",
    "basketball/basketballs football/footballs skateboard/skateboards",
)
_PEOPLE = ("man/men woman/women", "boy/boys girl/girls")
_ACTIONS = (
    "opens/opening/opened closes/closing/closed",
    "pushes/pushing/pushed pulls/pulling/pulled",
    "enters/entering/entered exits/exiting/exited",
    "lifts/lifting/lifted lowers/lowering/lowered",
    "walks/walking/walked runs/running/ran",
    "inserts/inserting/inserted removes/removing/removed",
    "fills/filling/filled empties/emptying/emptied",
    "folds/folding/folded unfolds/unfolding/unfolded",
    "locks/locking/locked unlocks/unlocking/unlocked",
    "throws/throwing/threw catches/catching/caught",
    "chops/chopping/chopped peels/peeling/peeled mashes/mashing/mashed grates/grating/grated",
    "smiling/smiles crying/cries",
    "sitting standing",
    "turns|on/turning|on/turned|on turns|off/turning|off/turned|off",
    "picks|up/picking|up/picked|up puts|down/putting|down/put|down",
)
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LEFT_RIGHT = (
    r"(?:(?<=\bthe )|(?<=\bto )|(?<=\bfrom )|(?<=\bhis )|(?<=\bher )|(?<=\btheir )|(?<=\btop )"
    r"|(?<=\bbottom )|(?<=\bupper )|(?<=\blower )|(?<=\bfar )|(?<=\bpans )"
    r"|(?=(?:left|right) (?:side|hand|arm|leg|foot|corner|edge|lane)))"
    r"(?P<word>left|right)\b"
    r"(?! (?:before|after|away|now|there|one|way|time|place|amount|size|answer|thing))"
)
_UP_DOWN = (
    r"\b(?:moves|moving|walks|climbs|points|looks|tilts|rolls) (?P<word>up|down)\b(?= |[.,;]|$)"
)
_ORANGE = r"\b(?P<word>orange)\b(?= (?!is|and|or|on|in|with|from|into|to|juice|slices?|peel)[a-z])"


def _opposites(*pairs: str) -> dict[str, tuple[str, ...]]:
    """Return each side of `one/other` as the option of the other."""
    both = [pair.split("/") for pair in pairs]
    return {a: (b,) for one, other in both for a, b in ((one, other), (other, one))}


def _forms(pools: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return for each form of a word the same form of the other words of its pool."""
    options: dict[str, tuple[str, ...]] = {}
    for pool in pools:
        words = [word.replace("|", " ").split("/") for word in pool.split()]
        for word in words:
            for number, form in enumerate(word):
                options[form] = tuple(other[number] for other in words if other is not word)
    return options


def _swap(
    error_type: ErrorType,
    options: Mapping[str, tuple[str, ...]],
    pattern: str | None = None,
    unless: str | None = None,
) -> Swap:
    longest_first = sorted(options, key=lambda word: (-len(word), word))
    words = "|".join(re.escape(word) for word in longest_first)
    return Swap(
        error_type=error_type,
        pattern=re.compile(pattern or rf"(?<![\w'-])(?P<word>{words})(?![\w'-])", re.IGNORECASE),
        options=options,
        unless=re.compile(unless, re.IGNORECASE) if unless else None,
    )


_DIGITS = {str(n): (str(n + 2), str(n + 3)) for n in range(2, 21)}
_WORDS_FOR_NUMBERS = {
    word: tuple(_NUMBERS[k] for k in (n + 2, n + 3, n - 2, n - 3) if 0 <= k < len(_NUMBERS))
    for n, word in enumerate(_NUMBERS)
}
SWAPS: tuple[Swap, ...] = (
    _swap(ErrorType.ATTRIBUTE, {word: tuple(to.split()) for word, to in _COLORS.items()}),
    _swap(ErrorType.ATTRIBUTE, {"orange": ("blue", "green", "purple")}, _ORANGE),
    _swap(ErrorType.OBJECT, _forms(_NOUNS)),
    _swap(ErrorType.OBJECT, _forms(_PEOPLE), unless=r"\b(?:he|she|him|her|hers|his)\b"),
    _swap(ErrorType.ACTION, _forms(_ACTIONS)),
    _swap(ErrorType.COUNT, _WORDS_FOR_NUMBERS),
    _swap(
        ErrorType.COUNT,
        _DIGITS,
        r"(?<![\w.,:/$#%-])(?P<word>\d{1,2})(?= (?:[a-z]+s|people|men|women|children)\b)",
    ),
    _swap(ErrorType.RELATION, _opposites("left/right"), _LEFT_RIGHT),
    _swap(ErrorType.RELATION, _opposites("from left to right/from right to left")),
    _swap(
        ErrorType.RELATION,
        _opposites(
            *("upwards/downwards", "upward/downward", "above/below", "inside/outside"),
            *("clockwise/counterclockwise", "in front of/behind", "leftwards/rightwards"),
        ),
    ),
    _swap(ErrorType.RELATION, _opposites("up/down"), _UP_DOWN),
    _swap(
        ErrorType.RELATION,
        _opposites("top/bottom"),
        r"(?<=\bthe )(?P<word>top|bottom)(?= (?:left|right|of|corner|edge|center|shelf)|[.,;]|$)",
    ),
    _swap(
        ErrorType.CAMERA,
        {
            "is still": ("zooms in", "moves to the left"),
            "is static": ("zooms in", "moves to the left"),
            "moves": ("is still",),
            "zooms in": ("zooms out",),
            "zooms out": ("zooms in",),
        },
        r"(?<=\bcamera )(?P<word>is still|is static|zooms in|zooms out|moves(?=[.,;]|$))",
    ),
    _swap(
        ErrorType.TEMPORAL_ORDER,
        _opposites("before/after"),
        r"\b(?P<word>before|after)(?= (?:\w+ing|he|she|they|it)\b)",
    ),
    _swap(
        ErrorType.TEMPORAL_ORDER,
        _opposites("beginning/end", "start/end"),
        r"(?<=\bat the )(?P<word>beginning|start|end)\b(?! of the (?:table|road|street|room))",
    ),
)
"""All swaps, in a fixed order."""

ADDED_CLAIMS = (
    "a black dog walks past in the background",
    "someone hands over a yellow envelope",
    "a child waves at the camera",
    "a red balloon floats by",
    "a clock on the wall shows noon",
    "a cat jumps onto a shelf",
    "a train passes behind the window",
    "rain runs down a window",
    "a bird lands on the railing",
    "a candle burns on a cake",
    "two people shake hands",
    "a bicycle leans against a wall",
    "someone drops a set of keys",
    "a flag moves in the wind",
    "smoke rises from a chimney",
    "a waiter carries a tray of glasses",
    "a horse grazes behind a fence",
    "a lamp is switched off",
)
"""Claims that hardly any clip fulfils, to be added where it says nothing of the kind."""
ADDED_FACTS = tuple(
    f"a {color} {shape} {place}"
    for color in ("green", "purple", "yellow", "red", "blue")
    for shape in ("triangle", "circle", "square", "rectangle")
    for place in ("stays at the upper left", "stays on the right", "stays at the lower right")
)
"""The like for captioners that state facts, in the words of `transforms/captions/objects.py`."""
