"""What users read of a function: every argument of three or more is described, and every result has a type."""

import ast
from pathlib import Path

import kazstance as ks

PACKAGE = Path(ks.__file__).parent
COMMANDS = PACKAGE / "cli"
"""Commands, whose options have help."""
BARE = ("Any", "object")


def public_functions():
    """The public functions and methods of public classes, each with its place."""
    for file in PACKAGE.rglob("*.py"):
        if COMMANDS not in file.parents:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
            for scope in [tree, *classes]:
                for node in scope.body:
                    if isinstance(node, ast.FunctionDef) and not is_private(node):
                        yield f"{file.relative_to(PACKAGE)}:{node.name}", node


def is_private(function):
    decorators = {ast.unparse(decorator) for decorator in function.decorator_list}
    return "overload" in decorators or (function.name.startswith("_") and function.name != "__init__")


def arguments(function):
    given = function.args
    all_ = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [arg.arg for arg in all_ if arg and arg.arg not in ("self", "cls")]


def test_functions_of_three_arguments_or_more_describe_each_of_them():
    missing = []
    for place, function in public_functions():
        names, text = arguments(function), ast.get_docstring(function) or ""
        described = text.partition("Args:\n")[2].splitlines()
        missing += [
            f"{place}: {name}"
            for name in (names if len(names) > 2 else [])
            if not any(line.startswith(f"    {name}: ") for line in described)
        ]
    assert missing == []


def test_every_public_function_says_what_type_it_returns():
    untyped = [
        place for place, function in public_functions() if not function.returns or ast.unparse(function.returns) in BARE
    ]
    assert untyped == []
