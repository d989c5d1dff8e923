"""Computes a setting's value from the expression its job type gives.

The expressions come from the farm. Most only read the scene: those are interpreted here, node by node, and can do
nothing but read. Anything else is Python from somebody else, and runs only when the artist has approved that job type.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

MAX_EXPRESSION_LENGTH = 4_000
MAX_TEXT_LENGTH = 100_000
MAX_DIGITS = 300


class ExpressionError(Exception):
    """The expression failed: the scene lacks what it asks for, or it is wrong."""


class NeedsApproval(ExpressionError):
    """The expression does more than read; somebody has to trust its author."""


def evaluate(expression: str, names: Mapping[str, Any], *, is_approved: bool = False) -> Any:
    """The value of `expression`. Without approval only reading is done, never a call into Blender."""
    if len(expression) > MAX_EXPRESSION_LENGTH:
        raise ExpressionError("the expression is too long")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ExpressionError(f"no expression: {error}") from error
    try:
        return _value(tree.body, {**_functions, **names})
    except NeedsApproval:
        if not is_approved:
            raise
    except ExpressionError:
        raise
    except Exception as error:
        raise ExpressionError(f"{type(error).__name__}: {error}") from error
    try:
        return eval(compile(tree, "<job type>", "eval"), {**names})
    except Exception as error:
        raise ExpressionError(f"{type(error).__name__}: {error}") from error


_functions: dict[str, Callable[..., Any]] = {
    "Path": Path,
    "bool": bool,
    "float": float,
    "int": int,
    "len": len,
    "max": max,
    "min": min,
    "round": lambda number, digits=None: _round(number, digits),
    "str": str,
}

_binary = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_unary = {ast.Not: operator.not_, ast.USub: operator.neg, ast.UAdd: operator.pos}
_compare = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
# Methods that only read, by the type they belong to. No `format`: its fields reach any attribute.
_methods: dict[type, frozenset[str]] = {
    str: frozenset(
        "endswith join lower lstrip removeprefix removesuffix replace rstrip split startswith "
        "strip title upper zfill".split()
    ),
    PurePath: frozenset("as_posix joinpath with_name with_stem with_suffix".split()),
}


def _value(node: ast.AST, names: Mapping[str, Any]) -> Any:
    read = _readers.get(type(node))
    if read is None:
        raise NeedsApproval(f"it uses {type(node).__name__}")
    return read(node, names)


def _name(node: ast.Name, names: Mapping[str, Any]) -> Any:
    if node.id not in names:
        raise NeedsApproval(f"it uses {node.id}")
    return names[node.id]


def _attribute(node: ast.Attribute, names: Mapping[str, Any]) -> Any:
    if node.attr.startswith("_"):
        raise NeedsApproval(f"it uses {node.attr}")
    owner = _value(node.value, names)
    # Operators change things by being looked up and called; modules lead to everything.
    # The preferences hold the tokens of every farm.
    if node.attr in ("ops", "app", "utils", "driver_namespace", "preferences"):
        raise NeedsApproval(f"it uses {node.attr}")
    value = getattr(owner, node.attr)
    if callable(value) and not _is_data(value):
        raise NeedsApproval(f"it calls {node.attr}")
    return value


def _is_data(value: Any) -> bool:
    """Blender's own types may be callable through their metaclass; plain functions and classes are not data."""
    return hasattr(value, "bl_rna") and not isinstance(value, type)


def _call(node: ast.Call, names: Mapping[str, Any]) -> Any:
    if node.keywords and any(keyword.arg is None for keyword in node.keywords):
        raise NeedsApproval("it unpacks arguments")
    function = _callee(node.func, names)
    arguments = [_value(argument, names) for argument in node.args]
    keywords = {keyword.arg: _value(keyword.value, names) for keyword in node.keywords}
    _refuse_growth(function, arguments)
    return _bounded(function(*arguments, **keywords))


def _callee(node: ast.AST, names: Mapping[str, Any]) -> Callable[..., Any]:
    if isinstance(node, ast.Name) and node.id in names and callable(names[node.id]):
        return names[node.id]
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, names)
        for kind, methods in _methods.items():
            if isinstance(owner, kind) and node.attr in methods:
                return getattr(owner, node.attr)
    raise NeedsApproval(f"it calls {ast.unparse(node)}")


def _operation(node: ast.BinOp, names: Mapping[str, Any]) -> Any:
    # Paths are joined by `/`, which is the only operation on them.
    apply = _binary.get(type(node.op))
    if apply is None:
        raise NeedsApproval(f"it uses {type(node.op).__name__}")
    left, right = _value(node.left, names), _value(node.right, names)
    if isinstance(node.op, ast.Mult) and not _are_numbers(left, right):
        raise NeedsApproval("it repeats a text")
    if isinstance(node.op, ast.Mod) and isinstance(left, str):
        raise NeedsApproval("it formats with %")
    return _bounded(apply(left, right))


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, (int, float)) for value in values)


def _comparison(node: ast.Compare, names: Mapping[str, Any]) -> bool:
    left = _value(node.left, names)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _value(comparator, names)
        if not _compare[type(op)](left, right):
            return False
        left = right
    return True


def _logic(node: ast.BoolOp, names: Mapping[str, Any]) -> Any:
    is_and = isinstance(node.op, ast.And)
    value = None
    for operand in node.values:
        value = _value(operand, names)
        if bool(value) != is_and:
            return value
    return value


def _negation(node: ast.UnaryOp, names: Mapping[str, Any]) -> Any:
    apply = _unary.get(type(node.op))
    if apply is None:
        raise NeedsApproval(f"it uses {type(node.op).__name__}")
    return apply(_value(node.operand, names))


def _choice(node: ast.IfExp, names: Mapping[str, Any]) -> Any:
    return _value(node.body if _value(node.test, names) else node.orelse, names)


def _item(node: ast.Subscript, names: Mapping[str, Any]) -> Any:
    return _value(node.value, names)[_value(node.slice, names)]


def _slice(node: ast.Slice, names: Mapping[str, Any]) -> slice:
    parts = (node.lower, node.upper, node.step)
    return slice(*(None if part is None else _value(part, names) for part in parts))


def _template(node: ast.JoinedStr, names: Mapping[str, Any]) -> str:
    return _bounded("".join(str(_value(part, names)) for part in node.values))


def _field(node: ast.FormattedValue, names: Mapping[str, Any]) -> str:
    value = _value(node.value, names)
    if node.conversion in (ord("r"), ord("a")):
        value = repr(value)
    spec = "" if node.format_spec is None else _value(node.format_spec, names)
    # A width of a billion would be a billion characters.
    if any(len(run) > 3 for run in "".join(c if c.isdigit() else " " for c in spec).split()):
        raise ExpressionError("the format is too wide")
    return format(value, spec)


def _refuse_growth(function: Callable[..., Any], arguments: list[Any]) -> None:
    """Before it is done: texts that multiply fill the memory long before they are too long."""
    grown = _growers.get(getattr(function, "__name__", ""))
    text = getattr(function, "__self__", None)
    if grown and isinstance(text, str) and grown(text, *arguments) > MAX_TEXT_LENGTH:
        raise ExpressionError("the result is too long")


_growers: dict[str, Callable[..., int]] = {
    "join": lambda text, parts: sum(len(part) + len(text) for part in parts),
    "replace": lambda text, old, new, *_: len(text) + text.count(old) * len(new),
    "zfill": lambda text, width: width,
}


def _round(number: Any, digits: int | None) -> Any:
    # Whole numbers are rounded through a power of ten, however large.
    if digits is not None and abs(digits) > MAX_DIGITS:
        raise ExpressionError("these are too many digits to round to")
    return round(number, digits)


def _bounded(value: Any) -> Any:
    if isinstance(value, (str, list, tuple)) and len(value) > MAX_TEXT_LENGTH:
        raise ExpressionError("the result is too long")
    return value


_readers: dict[type, Callable[[Any, Mapping[str, Any]], Any]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _operation,
    ast.BoolOp: _logic,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.Constant: lambda node, names: node.value,
    ast.FormattedValue: _field,
    ast.IfExp: _choice,
    ast.JoinedStr: _template,
    ast.List: lambda node, names: [_value(item, names) for item in node.elts],
    ast.Name: _name,
    ast.Slice: _slice,
    ast.Subscript: _item,
    ast.Tuple: lambda node, names: tuple(_value(item, names) for item in node.elts),
    ast.UnaryOp: _negation,
}
