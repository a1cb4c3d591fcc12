"""The rooms of the package stand in the order of the data, and nothing runs in a circle."""

import ast
import graphlib
from pathlib import Path

import pytest

import skinage

ROOMS = [
    "errors", "skip_log", "stains", "storage", "threads",
    "cohort", "slides", "tiling", "encoders", "contrastive", "embedding", "people", "clock",
    "evaluation", "age_acceleration", "outcomes", "transfer", "explain",
    "figures", "phantom", "reporting", "doctor", "cli", "__main__",
]  # fmt: skip
"""A room imports only from rooms named before it (and from itself)."""
FLOOR, STEPS = ROOMS[:5], ROOMS[5:18]
PACKAGE = Path(skinage.__file__).parent


def module_name(file: Path) -> str:
    return ".".join(("skinage", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


FILES = {module_name(file): file for file in PACKAGE.rglob("*.py")}


def imports_of(file: Path) -> set[str]:
    """Return all modules of the package that a file imports, those inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the room"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in FILES else node.module for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name in FILES and name != "skinage"}


IMPORTS = {module: imports_of(file) for module, file in FILES.items()}


def room_of(module: str) -> str:
    return module.split(".")[1]


def test_every_module_is_in_a_room_of_the_list():
    assert {room_of(module) for module in FILES if module != "skinage"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_before_it(room):
    allowed = {*ROOMS[: ROOMS.index(room) + 1]}
    if room in ("figures", "phantom"):
        allowed = {*FLOOR, room}  # they know no step, and no step knows them
    if room in STEPS:
        allowed -= {"figures", "phantom"}
    wrong = {
        f"{module} imports {used}"
        for module, imported in IMPORTS.items()
        if module != "skinage" and room_of(module) == room
        for used in imported
        if room_of(used) not in allowed
    }
    assert not wrong


def test_no_module_imports_itself_through_others():
    """Imports inside functions and for type checking count too."""
    graphlib.TopologicalSorter(IMPORTS).prepare()


def test_no_folder_imports_itself_through_others():
    """The folders of a room stand in an order as its files do."""
    folders = {module: module.rpartition(".")[0] for module in FILES}
    folders |= {module: module for module, file in FILES.items() if file.name == "__init__.py"}
    graph: dict[str, set[str]] = {}
    for module, imported in IMPORTS.items():
        own = graph.setdefault(folders[module], set())
        # A folder and the room around it share files of one step.
        own |= {
            folders[used]
            for used in imported
            if not folders[used].startswith(folders[module])
            and not folders[module].startswith(folders[used])
        }
    graphlib.TopologicalSorter(graph).prepare()


def test_the_door_of_each_room_says_what_comes_in_and_where_to_start():
    doors = [file for module, file in FILES.items() if file.name == "__init__.py"]
    for file in doors:
        if file.parent == PACKAGE:
            continue
        door = ast.get_docstring(ast.parse(file.read_text())) or ""
        assert all(part in door for part in ("In:", "Out:", "Start with")), file
