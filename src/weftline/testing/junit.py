"""Results of tests as JUnit's XML, which continuous integration systems show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from weftline.testing.suite_run import CaseResult

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Mapping[str, Sequence[CaseResult]]) -> str:
    """The results of some files of tests.

    Args:
        results: by the file's name, of each of its tests.
    """
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    for name, cases in results.items():
        broken = sum(case.is_broken for case in cases)
        failed = sum(case.failure is not None for case in cases) - broken
        took = sum(case.seconds for case in cases)
        lines.append(
            f"  <testsuite name={_attribute(name)} tests={_attribute(len(cases))} failures={_attribute(failed)}"
            f" errors={_attribute(broken)} time={_attribute(f'{took:.3f}')}>"
        )
        lines += [_case(name, case) for case in cases]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(suite: str, case: CaseResult) -> str:
    took = _attribute(f"{case.seconds:.3f}")
    head = f"    <testcase classname={_attribute(suite)} name={_attribute(case.name)} time={took}"
    if case.failure is None:
        return f"{head}/>"
    kind = "error" if case.is_broken else "failure"
    first = case.failure.partition("\n")[0]
    return f"{head}><{kind} message={_attribute(first)}>{escape(_clean(case.failure))}</{kind}></testcase>"


def _attribute(value: object) -> str:
    # what is escaped for HTML is so for XML: by number, or by a name that both have
    return f'"{escape(_clean(str(value)))}"'


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
