"""The functions, methods and macros of expressions, for people who look for one."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["function", "method", "macro"]


class Function(NamedTuple):
    """Something that expressions can call.

    Attributes:
        name: what it is called by; with its group, as ``math.greatest``.
        kind: a method and most macros stand behind a value and a dot.
        signature: what it takes and gives.
        description: a sentence.
        example: an expression that has it.
    """

    name: str
    kind: Kind
    signature: str
    description: str
    example: str


# fmt: off
FUNCTIONS: tuple[Function, ...] = (
    Function("has", "macro", "has(value.field) -> bool", "Whether a field is there.", "has(input.email)"),
    Function("all", "macro", "list.all(x, condition) -> bool", "Whether a condition holds for every item.",
             "[1, 2].all(x, x > 0)"),
    Function("exists", "macro", "list.exists(x, condition) -> bool", "Whether a condition holds for any item.",
             "[1, 2].exists(x, x > 1)"),
    Function("exists_one", "macro", "list.exists_one(x, condition) -> bool",
             "Whether a condition holds for exactly one item.", "[1, 2].exists_one(x, x > 1)"),
    Function("filter", "macro", "list.filter(x, condition) -> list", "The items for which a condition holds.",
             "[1, 2].filter(x, x > 1)"),
    Function("map", "macro", "list.map(x, value) -> list", "A list of what each item gives.",
             "[1, 2].map(x, x * 2)"),
    Function("optMap", "macro", "optional.optMap(x, value) -> optional", "What an optional value gives, if there.",
             "optional.of(1).optMap(x, x + 1).orValue(0)"),

    Function("size", "function", "size(string | list | map | bytes) -> int", "How long it is.", "size([1, 2])"),
    Function("type", "function", "type(any) -> type", "The type of a value, to compare with.", "type(1) == int"),
    Function("int", "function", "int(number | string | timestamp) -> int", "A whole number; cuts decimals off.",
             "int('12')"),
    Function("uint", "function", "uint(number | string) -> uint", "A whole number that is not negative.",
             "int(uint(3))"),
    Function("double", "function", "double(number | string) -> double", "A decimal number.", "double('1.5')"),
    Function("string", "function", "string(any) -> string", "A value as text.", "string(12)"),
    Function("bool", "function", "bool(string) -> bool", "True or false of the text `true` or `false`.",
             "bool('true')"),
    Function("bytes", "function", "bytes(string) -> bytes", "The bytes of a text in UTF-8.", "size(bytes('abc'))"),
    Function("timestamp", "function", "timestamp(string) -> timestamp", "The time of an RFC 3339 text.",
             "timestamp('2026-03-01T09:00:00Z')"),
    Function("duration", "function", "duration(string) -> duration", "A span of time, like `90s` or `1h30m`.",
             "duration('90s')"),

    Function("contains", "method", "string.contains(string) -> bool", "Whether it holds a text.",
             "'order'.contains('der')"),
    Function("startsWith", "method", "string.startsWith(string) -> bool", "Whether it begins with a text.",
             "'order'.startsWith('or')"),
    Function("endsWith", "method", "string.endsWith(string) -> bool", "Whether it ends with a text.",
             "'order'.endsWith('er')"),
    Function("matches", "method", "string.matches(regex) -> bool", "Whether a regular expression fits a part of it.",
             "'A-17'.matches('^[A-Z]-[0-9]+$')"),
    Function("charAt", "method", "string.charAt(int) -> string", "The character at a position, from 0.",
             "'abc'.charAt(1)"),
    Function("indexOf", "method", "string.indexOf(string) -> int", "Where a text first stands in it, or -1.",
             "'banana'.indexOf('an')"),
    Function("lastIndexOf", "method", "string.lastIndexOf(string) -> int", "Where a text last stands in it, or -1.",
             "'banana'.lastIndexOf('an')"),
    Function("substring", "method", "string.substring(int, int?) -> string", "From a position, up to another one.",
             "'order-17'.substring(6)"),
    Function("lowerAscii", "method", "string.lowerAscii() -> string", "In small letters.", "'ABC'.lowerAscii()"),
    Function("upperAscii", "method", "string.upperAscii() -> string", "In capitals.", "'abc'.upperAscii()"),
    Function("trim", "method", "string.trim() -> string", "Without the spaces around it.", "' abc '.trim()"),
    Function("replace", "method", "string.replace(string, string) -> string", "With one text in the place of another.",
             "'a-b'.replace('-', '+')"),
    Function("split", "method", "string.split(string) -> list<string>", "The parts between a separator.",
             "'a,b'.split(',')"),
    Function("join", "method", "list<string>.join(string?) -> string", "One text of several.", "['a', 'b'].join(', ')"),
    Function("format", "method", "string.format(list) -> string", "With values in the place of `%s`, `%d`, `%.2f`.",
             "'%s: %d'.format(['total', 3])"),

    Function("getFullYear", "method", "timestamp.getFullYear(zone?) -> int", "The year.",
             "timestamp('2026-03-01T09:00:00Z').getFullYear()"),
    Function("getMonth", "method", "timestamp.getMonth(zone?) -> int", "The month, from 0.",
             "timestamp('2026-03-01T09:00:00Z').getMonth()"),
    Function("getDate", "method", "timestamp.getDate(zone?) -> int", "The day of the month, from 1.",
             "timestamp('2026-03-01T09:00:00Z').getDate()"),
    Function("getDayOfMonth", "method", "timestamp.getDayOfMonth(zone?) -> int", "The day of the month, from 0.",
             "timestamp('2026-03-01T09:00:00Z').getDayOfMonth()"),
    Function("getDayOfWeek", "method", "timestamp.getDayOfWeek(zone?) -> int", "The day of the week; Sunday is 0.",
             "timestamp('2026-03-01T09:00:00Z').getDayOfWeek()"),
    Function("getDayOfYear", "method", "timestamp.getDayOfYear(zone?) -> int", "The day of the year, from 0.",
             "timestamp('2026-03-01T09:00:00Z').getDayOfYear()"),
    Function("getHours", "method", "timestamp.getHours(zone?) -> int", "The hour; of a duration, all hours.",
             "timestamp('2026-03-01T09:00:00Z').getHours('Europe/Berlin')"),
    Function("getMinutes", "method", "timestamp.getMinutes(zone?) -> int", "The minute; of a duration, all minutes.",
             "duration('90s').getMinutes()"),
    Function("getSeconds", "method", "timestamp.getSeconds(zone?) -> int", "The second; of a duration, all seconds.",
             "duration('90s').getSeconds()"),
    Function("getMilliseconds", "method", "timestamp.getMilliseconds(zone?) -> int", "The milliseconds.",
             "timestamp('2026-03-01T09:00:00Z').getMilliseconds()"),

    Function("optional.of", "function", "optional.of(any) -> optional", "An optional value that is there.",
             "optional.of(1).orValue(0)"),
    Function("optional.none", "function", "optional.none() -> optional", "An optional value that is not there.",
             "optional.none().orValue(0)"),
    Function("hasValue", "method", "optional.hasValue() -> bool", "Whether an optional value is there.",
             "input.?email.hasValue()"),
    Function("orValue", "method", "optional.orValue(any) -> any", "It, or another value where it is absent.",
             "input.?email.orValue('none')"),

    Function("math.greatest", "function", "math.greatest(number, …) -> number", "The greatest number.",
             "math.greatest(1, 3, 2)"),
    Function("math.least", "function", "math.least(number, …) -> number", "The least number.", "math.least([3, 1])"),
    Function("math.round", "function", "math.round(double) -> double", "To the nearest whole number.",
             "math.round(2.5)"),
    Function("math.ceil", "function", "math.ceil(double) -> double", "Up to a whole number.", "math.ceil(2.1)"),
    Function("math.floor", "function", "math.floor(double) -> double", "Down to a whole number.", "math.floor(2.9)"),
    Function("math.trunc", "function", "math.trunc(double) -> double", "Without its decimals.", "math.trunc(-2.9)"),
    Function("math.abs", "function", "math.abs(number) -> number", "Without its sign.", "math.abs(-3)"),
    Function("math.sign", "function", "math.sign(number) -> number", "-1, 0 or 1.", "math.sign(-3)"),

    Function("strings.quote", "function", "strings.quote(string) -> string", "In quotes, with escapes.",
             "strings.quote('a')"),
    Function("base64.encode", "function", "base64.encode(bytes) -> string", "Bytes as base64.",
             "base64.encode(bytes('abc'))"),
    Function("base64.decode", "function", "base64.decode(string) -> bytes", "The bytes of a base64 text.",
             "size(base64.decode('YWJj'))"),
)
# fmt: on
