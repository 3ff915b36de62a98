"""Small, deliberate faults in Python source, each of which some test should notice."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Mutant", "mutants"]

_Part = TypeVar("_Part")

_COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.LtE(),
    ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.GtE: ast.Gt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
}
_OPERATORS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Add(),
    ast.Div: ast.Mult(),
    ast.Pow: ast.Mult(),
    ast.BitOr: ast.BitAnd(),
    ast.BitAnd: ast.BitOr(),
}
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Methods and functions whose arguments are conditions that each must matter.
_CONDITIONS = {"where", "and_", "or_"}
#: Methods and functions whose keyword arguments are columns or fields that each must matter.
_FIELDS = {"values", "replace"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed copy of a module's source."""

    #: The line of the change, 1 for the first.
    line: int
    #: The source text that was replaced, and what replaces it.
    before: str
    after: str
    #: The whole module with the change.
    source: str


def mutants(source: str, names: Sequence[str] = ()) -> Iterator[Mutant]:
    """Yield each mutant of a module's *source*, in the order of the text.

    Only the functions, classes and assignments of the module that are in *names* are changed, or
    all of them if *names* is empty. Docstrings, annotations, `__all__` and log lines stay as they
    are, because no test is meant to depend on them.
    """
    tree = ast.parse(source)
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    members = _members(tree)
    nodes = [node for part in _parts(tree, names) for node in _nodes(part)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        before = data[start:end].decode()
        for change in _changes(node, members):
            after = ast.unparse(ast.fix_missing_locations(change))
            if isinstance(node, ast.expr):
                after = f"({after})"
            else:
                after = after.replace("\n", "\n" + " " * node.col_offset)
            changed = data[:start] + after.encode() + data[end:]
            yield Mutant(node.lineno, before, after, changed.decode())


def _parts(tree: ast.Module, names: Sequence[str]) -> Iterator[ast.stmt]:
    """Yield the statements of the module that are to be changed."""
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.Expr):
            continue
        own = _names(statement)
        if own != {"__all__"} and (not names or own & set(names)):
            yield statement


def _names(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield the expressions and statements below *node* that may be changed."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "bases"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            # Python 3.11 does not know where the parts of an f-string are.
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr):
                continue
            if _is_docstring(child) or _is_log(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child
            yield from _nodes(child)


def _is_docstring(node: ast.AST) -> bool:
    """Tell whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith("logger.")


def _members(tree: ast.Module) -> dict[str, list[str]]:
    """Return the constants that the module takes from each name, such as the members of an enum."""
    members: dict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if attribute.isupper():
                members[name].add(attribute)
    return {name: sorted(attributes) for name, attributes in members.items()}


def _changes(node: ast.AST, members: dict[str, list[str]]) -> Iterable[ast.AST]:
    """Yield what may replace *node*."""
    if isinstance(node, ast.Attribute):
        yield from _member_changes(node, members)
    elif isinstance(node, ast.Expr | ast.AugAssign | ast.Raise):
        yield ast.Pass()
    elif type(node) in _CHANGES:
        yield from _CHANGES[type(node)](node)


def _member_changes(node: ast.Attribute, members: dict[str, list[str]]) -> Iterator[ast.AST]:
    others = members.get(node.value.id, []) if isinstance(node.value, ast.Name) else []
    if node.attr in others and len(others) > 1:
        following = others[(others.index(node.attr) + 1) % len(others)]
        yield ast.Attribute(node.value, following)


def _constant_changes(constant: ast.Constant) -> Iterator[ast.AST]:
    value = constant.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)


def _comparison_changes(node: ast.Compare) -> Iterator[ast.AST]:
    if len(node.ops) == 1:
        yield ast.Compare(node.left, [_COMPARISONS[type(node.ops[0])]], node.comparators)


def _operator_changes(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in _OPERATORS:
        yield ast.BinOp(node.left, _OPERATORS[type(node.op)], node.right)


def _negation_changes(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _table_changes(node: ast.Dict) -> Iterator[ast.AST]:
    for gone in range(len(node.keys)):
        yield ast.Dict(_without(node.keys, gone), _without(node.values, gone))


def _set_changes(node: ast.Set) -> Iterator[ast.AST]:
    for gone in range(len(node.elts)):
        # `{}` would be a dict.
        yield ast.Set(_without(node.elts, gone) or [ast.Starred(ast.Tuple([]))])


def _call_changes(call: ast.Call) -> Iterator[ast.AST]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    name = call.func.id if isinstance(call.func, ast.Name) else name
    if isinstance(call.func, ast.Name) and name in _FUNCTIONS:
        yield ast.Call(ast.Name(_FUNCTIONS[name]), call.args, call.keywords)
    if name in _CONDITIONS:
        for gone in range(len(call.args)):
            yield ast.Call(call.func, _without(call.args, gone), call.keywords)
    if name in _FIELDS:
        for gone in range(len(call.keywords)):
            yield ast.Call(call.func, call.args, _without(call.keywords, gone))


_CHANGES: dict[type[ast.AST], Callable[[Any], Iterable[ast.AST]]] = {
    ast.Compare: _comparison_changes,
    ast.BoolOp: lambda node: [
        ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    ],
    ast.BinOp: _operator_changes,
    ast.UnaryOp: _negation_changes,
    ast.Constant: _constant_changes,
    ast.IfExp: lambda node: [ast.IfExp(node.test, node.orelse, node.body)],
    ast.Dict: _table_changes,
    ast.Set: _set_changes,
    ast.Call: _call_changes,
    ast.If: lambda node: [
        ast.If(ast.Constant(value), node.body, node.orelse) for value in (False, True)
    ],
}


def _without(values: Sequence[_Part], gone: int) -> list[_Part]:
    return [*values[:gone], *values[gone + 1 :]]
