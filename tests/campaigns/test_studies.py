"""Study commands: a file in, a result out, one line where something is wrong."""

import json
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAUNCHOPT_DATA", ROOT.parent / "shared" / "data"))


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


class TestFitResponse:
    WORDS = ("--spend", "Spent", "--response", "Approved_Conversion", "--by", "age,gender")

    def test_fits_curves_that_allocate_budget_reads(self, file, tmp_path, capsys):
        lines = ["shop,spent,sales"]
        lines += [f"{shop},{i}.50,{i * factor // 10}" for i in range(20)
                  for shop, factor in (("a", 5), ("b", 9))]  # fmt: skip
        out = tmp_path / "curves.json"
        call_command("fit_response", str(file("\n".join(lines), "ads.csv")), "--spend", "spent",
                     "--response", "sales", "--by", "shop", "--out", str(out))  # fmt: skip
        assert "response there" in capsys.readouterr().out
        curves = json.loads(out.read_text())["curves"]
        assert [curve["id"] for curve in curves] == ["a", "b"]
        assert curves[0]["spend_range"] == ["0.50", "19.50"]
        cells = [{"id": curve["id"], "curve": curve} for curve in curves]
        plan = file({"total": "100.00", "currency": "GBP", "cells": cells}, "plan.json")
        call_command("allocate_budget", str(plan), "--json")
        told = json.loads(capsys.readouterr().out)
        assert float(told["cells"]["b"]) > float(told["cells"]["a"])
        assert told["beyond_data"]["share"] > 0.5

    @pytest.mark.data
    def test_reads_real_spend(self, capsys):
        path = DATA / "facebook_ads.csv.gz"
        if not path.exists():
            pytest.skip(f"needs {path.name}; LAUNCHOPT_DATA names its folder")
        call_command("fit_response", str(path), *self.WORDS, "--json")
        told = json.loads(capsys.readouterr().out)
        assert (told["rows"], told["left_out"], len(told["curves"])) == (1143, 0, 8)
        best = max(told["curves"], key=lambda curve: curve["responses"][2]["response"])
        assert best["id"] == "30-34/M"
        for curve in told["curves"]:
            low, high = curve["interval"]["scale"]
            assert 0 < low < curve["scale"] < high
            assert float(curve["spend_range"][1]) > 300

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("age,gender,Spent\n1,2,3", "no column 'Approved_Conversion'"),
            ("age,gender,Spent,Approved_Conversion\n1,2,x,3", "'Spent' holds what is no number"),
            ("age,gender,Spent,Approved_Conversion\n1,2,-1,3", "spend must be"),
            ("age,gender,Spent,Approved_Conversion\n1,2,1,3", "at least 8 rows"),
        ],
    )
    def test_names_the_fault_in_one_line(self, file, content, words):
        with pytest.raises(CommandError, match=words) as raised:
            call_command("fit_response", str(file(content, "ads.csv")), *self.WORDS)
        assert raised.value.returncode == 2


class TestCheckCopy:
    LINE = {"id": 7, "language": "en", "text": "A mug of 0.3 l, the best of all",
            "facts": {"title": "Mug", "attributes": {"volume": "300 ml"}}}  # fmt: skip

    def test_writes_a_line_for_each_text(self, file, tmp_path, capsys):
        lines = [self.LINE, {"id": "b", "text": {"headline": "A mug"}, "facts": {"title": "Mug"}}]
        source = file("\n".join(json.dumps(line) for line in lines), "copy.jsonl")
        out = tmp_path / "checked.jsonl"
        call_command("check_copy", str(source), "--out", str(out))
        first, second = (json.loads(line) for line in out.read_text().splitlines())
        assert (first["id"], first["accepted"], first["refusals"]) == (7, False, [])
        assert first["claims"][0] == {
            "part": "text", "start": 9, "end": 14, "text": "0.3 l", "kind": "number",
            "support": "attributes.volume",
        }  # fmt: skip
        assert first["claims"][1]["text"] == "best"
        assert first["claims"][1]["support"] is None
        assert second == {"id": "b", "accepted": True, "claims": [], "refusals": []}
        assert "superlative without proof" in capsys.readouterr().out

    def test_prints_one_object(self, file, capsys):
        call_command("check_copy", str(file(json.dumps(self.LINE))), "--json", "--forbid", "mug")
        told = json.loads(capsys.readouterr().out)
        assert (told["texts"], told["accepted"]) == (1, 0)
        assert told["lines"][0]["refusals"][0]["rule"] == "forbidden_term"

    @pytest.mark.parametrize(
        ("line", "words"),
        [("{", "line 2: no JSON"), ('{"id": 1}', "line 2: facts must be an object")],
    )
    def test_names_the_line_at_fault(self, file, line, words):
        source = file(json.dumps(self.LINE) + "\n" + line)
        with pytest.raises(CommandError, match=words) as raised:
            call_command("check_copy", str(source))
        assert raised.value.returncode == 2
