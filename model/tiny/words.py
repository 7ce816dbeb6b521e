"""The words of the generated world, which is that of the example videos."""

COLORS = {
    "red": (200, 30, 40),
    "blue": (40, 80, 210),
    "yellow": (240, 210, 40),
    "green": (40, 160, 70),
    "orange": (240, 130, 20),
    "purple": (130, 50, 160),
    "white": (245, 245, 245),
    "pink": (240, 130, 170),
}
"""RGB of things."""
BACKGROUNDS = {
    "dark green": (25, 70, 40),
    "light gray": (200, 200, 200),
    "dark blue": (20, 30, 80),
    "brown": (110, 75, 45),
    "black": (15, 15, 15),
    "beige": (225, 210, 180),
}
"""RGB of what they are seen over."""
CLASHES = frozenset(
    [
        ("white", "beige"),
        ("white", "light gray"),
        ("yellow", "beige"),
        ("pink", "beige"),
        ("orange", "brown"),
    ]
)
"""Things and backgrounds that even a person takes for one another."""
SHAPES = {
    "circle": ("ball", "plate", "button"),
    "square": ("box", "block", "tile"),
    "triangle": ("wedge", "flag"),
}
"""Shapes, and what a narrator calls a thing of that shape."""
MOTIONS = {
    "still": (0, 0),
    "from left to right": (1, 0),
    "from right to left": (-1, 0),
    "downwards": (0, 1),
    "upwards": (0, -1),
}
"""Motions in a captioner's words, as signs of x and y."""
CAMERAS = ("is still", "pans left", "pans right", "zooms in")
MOVED_CAMERAS = ("pans left", "pans right", "tilts up", "tilts down", "zooms in", "zooms out")
"""What else a captioner can say of real videos."""
TITLES = (
    "sort the parts",
    "set the table",
    "build a small tower",
    "arrange the blocks",
    "prepare the board",
    "pack the toy box",
)
ACTIONS = {
    "from left to right": "move the {thing} from left to right",
    "from right to left": "slide the {thing} from right to left",
    "downwards": "lower the {thing} from the top to the bottom",
    "upwards": "lift the {thing} from the bottom to the top",
    "still": "place the {thing} on the table and leave it there",
}
CAMERA_REMARKS = {
    "pans right": "the camera turns to the right",
    "pans left": "the camera turns to the left",
    "zooms in": "look at it more closely",
}
TIPS = (
    "keep your hand steady",
    "do not rush this step",
    "make sure the table is clean",
    "check the result before you go on",
    "you can use a soft cloth here",
)
OPENINGS = ("Next", "Then", "Now", "After that")
TONES = (
    "red",
    "orange",
    "yellow",
    "green",
    "teal",
    "blue",
    "purple",
    "pink",
    "magenta",
    "olive",
    "brown",
    "beige",
    "gray",
    "black",
    "white",
)
"""Colours that a captioner names in real pictures, after `dark`, `light`, `grayish` or alone."""
MAX_STEPS = 6

_SPANISH = """
red rojo, blue azul, yellow amarillo, green verde, orange naranja, purple morado, white blanco,
pink rosa, brown marron, black negro, beige crema, gray gris, dark oscuro, light claro,
circle circulo, square cuadrado, triangle triangulo,
ball pelota, plate plato, button boton, box caja, block bloque, tile azulejo, wedge cuna,
flag bandera,
left izquierda, right derecha, top cima, bottom fondo, upwards arriba, downwards abajo,
upper superior, lower inferior, center centro,
still quieto, pans gira, zooms acerca, tilts inclina, moves mueve, stays queda,
move mover, slide deslizar, lift levantar, place colocar, leave dejar,
camera camara, background trasfondo, over sobre, in en, on encima, at junto, a un, an una, the el,
appears aparece, first primero, then luego, and y
"""
SPANISH = dict(pair.split() for pair in _SPANISH.replace("\n", " ").split(","))
"""English words with a Spanish one each, all different."""
NUMBERS = {"1": "uno", "2": "dos", "3": "tres", "4": "cuatro", "5": "cinco", "6": "seis"}
"""Numbers of steps in Spanish."""

_COLOR_WORDS = {word for name in (*COLORS, *BACKGROUNDS) for word in name.split()}
_SHAPE_WORDS = {word for shape, names in SHAPES.items() for word in (shape, *names)}
_PLACE_WORDS = {"left", "right", "top", "bottom", "upper", "lower", "center"}
_MOTION_WORDS = {"upwards", "downwards", "still", "moves", "stays", "pans", "zooms"}
CONTENT_WORDS = tuple(
    sorted(_COLOR_WORDS | _SHAPE_WORDS | _PLACE_WORDS | _MOTION_WORDS | {*NUMBERS})
)
"""Words that a picture decides: the language model must be able to say each with certainty."""
