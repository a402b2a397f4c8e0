"""Study commands: a file in, a result out, one line where something is wrong."""

import json

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def file(tmp_path):
    def write(content, name="study.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def problem(**cell):
    curve = {"kind": "hill", "scale": 9, "half": 5, "shape": 1, "spend_range": ["0", "4"]}
    other = {"kind": "sorted", "probabilities": [0.5, 0.1], "cost_each": "1.00"}
    cells = [{"id": "a", "curve": curve} | cell, {"id": "b", "curve": other}]
    return {"total": "10.00", "currency": "GBP", "cells": cells}


class TestAllocateBudget:
    def test_writes_the_plan_as_json(self, file, tmp_path, capsys):
        out = tmp_path / "plan.json"
        call_command("allocate_budget", str(file(problem())), "--json", "--out", str(out))
        told = json.loads(capsys.readouterr().out)
        assert told == json.loads(out.read_text())
        assert told["status"] == "optimal"
        assert told["cells"] == {"a": "9.00", "b": "1.00"}
        assert (told["spent"], told["unspent"]) == ("10.00", "0.00")
        assert told["beyond_data"] == {"share": 0.5, "cells": ["a"]}

    def test_shows_a_table(self, file, capsys):
        call_command("allocate_budget", str(file(problem())))
        shown = capsys.readouterr().out
        assert "no plan can pass" in shown
        assert "50.0% of the spend lies above" in shown

    def test_tells_what_is_in_conflict(self, file, capsys):
        path = file(problem(floor="5", ceiling="4.50"))
        with pytest.raises(CommandError, match=r"a.floor, a.ceiling") as raised:
            call_command("allocate_budget", str(path), "--json")
        told = json.loads(capsys.readouterr().out)
        assert raised.value.returncode == 2
        assert told == {"status": "infeasible", "conflict": ["a.floor", "a.ceiling"]}

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (problem(floor="5.001"), "a.floor: 5.001 has more decimals than GBP"),
            (problem(curve={"kind": "cubic"}), "a: there is no curve of the kind 'cubic'"),
            ("{", "no JSON"),
        ],
    )
    def test_names_the_fault_in_one_line(self, file, content, words):
        with pytest.raises(CommandError, match=words) as raised:
            call_command("allocate_budget", str(file(content)))
        assert raised.value.returncode == 2

    def test_names_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="Cannot read"):
            call_command("allocate_budget", str(tmp_path / "none.json"))
