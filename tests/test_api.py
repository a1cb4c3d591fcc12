"""What users call is documented in one form and has one order of parameters."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator

import pytest

import skinage

DOORS = {"skinage": skinage, "figures": skinage.figures, "phantom": skinage.phantom}
"""Where public names stand."""
MOST_PARAMETERS, MOST_POSITIONAL = 8, 3
FORBIDDEN = re.compile(r"(Gives?|Tells?|Of|Says?)\b")


def is_ours(thing: object) -> bool:
    return getattr(thing, "__module__", "").startswith("skinage")


def methods_of(owner: type) -> Iterator[tuple[str, Callable]]:
    """Yield the public methods that skinage itself names; hooks of other libraries are theirs."""
    theirs = {name for base in owner.__mro__ if not is_ours(base) for name in vars(base)}
    for base in filter(is_ours, owner.__mro__):
        for name, method in vars(base).items():
            method = getattr(method, "__func__", method)
            if inspect.isfunction(method) and not name.startswith("_") and name not in theirs:
                yield name, method


def public_functions() -> dict[str, Callable]:
    found: dict[str, Callable] = {}
    for door, module in DOORS.items():
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) and is_ours(thing):
                found |= {f"{door}.{name}.{one}": method for one, method in methods_of(thing)}
            elif inspect.isfunction(thing):
                found[f"{door}.{name}"] = thing
    return found


FUNCTIONS = public_functions()
each_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))


def sections_of(function: Callable) -> dict[str, str]:
    """Return the numpydoc sections of a docstring, and what stands before them as "Summary"."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$\n", inspect.getdoc(function) or "", flags=re.MULTILINE)
    return {"Summary": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def descriptions_of(section: str) -> dict[str, str]:
    """Return the first line about each name of a section."""
    found = {}
    for names, text in re.findall(r"^(\S.*)\n    (.*)$", section, re.MULTILINE):
        for name in names.partition(" : ")[0].split(","):
            found[name.strip().lstrip("*")] = text
    return found


def parameters_of(function: Callable) -> list[inspect.Parameter]:
    listed = inspect.signature(function).parameters.values()
    return [parameter for parameter in listed if parameter.name not in ("self", "cls")]


def test_the_public_functions_are_found():
    assert {
        "skinage.train",
        "skinage.Encoder.save",
        "figures.age_scatter",
        "phantom.make_cohort",
    } <= (FUNCTIONS.keys())


@each_function
def test_parameters_are_documented_by_their_names(function):
    described = descriptions_of(sections_of(function).get("Parameters", ""))
    assert list(described) == [parameter.name for parameter in parameters_of(function)]


@each_function
def test_what_comes_back_and_what_is_raised_is_documented(function):
    sections = sections_of(function)
    returned = inspect.signature(function).return_annotation
    if returned not in (None, "None"):
        assert sections.keys() & {"Returns", "Yields"}
    body = ast.parse(textwrap.dedent(inspect.getsource(function)))
    if any(isinstance(node, ast.Raise) and node.exc for node in ast.walk(body)):
        assert "Raises" in sections


@each_function
def test_parameters_are_few(function):
    listed = parameters_of(function)
    positional = [one for one in listed if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert len(listed) <= MOST_PARAMETERS
    assert len(positional) <= MOST_POSITIONAL


@each_function
def test_seed_and_device_are_keyword_only(function):
    for parameter in parameters_of(function):
        if parameter.name in ("seed", "device"):
            assert parameter.kind is parameter.KEYWORD_ONLY, parameter.name


@each_function
def test_docstrings_begin_with_a_verb_and_parameters_with_a_noun(function):
    sections = sections_of(function)
    described = descriptions_of(sections.get("Parameters", ""))
    for text in (sections["Summary"], *described.values()):
        assert not FORBIDDEN.match(text), text
