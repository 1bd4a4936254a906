"""What can be asked, and what is answered to what cannot."""

import pytest

import chokepoint as cp

CELL = "country.omega/reachable_flop@2026Q4"


@pytest.fixture(scope="module")
def world():
    return cp.load("tutorial")


@pytest.fixture(scope="module")
def run(world):
    return world.run(512)


def test_all_errors_at_once_with_places():
    wrong = {"route.*.detecton": "10%", "lab.nobody.mfu": 0.4}
    with pytest.raises(cp.ScenarioError) as caught:
        cp.load("tutorial", set=wrong)
    findings = caught.value.findings
    assert len(findings) == 2 and {f.severity for f in findings} == {"error"}
    first = findings[0]
    assert first.file == "--set" and first.line == 1 and first.column == 1
    assert "^" in first.text and first.message in first.text
    assert all(f.message in str(caught.value) for f in findings)


def test_errors_in_files_name_the_scenario_inside(tmp_path):
    with pytest.raises(cp.ScenarioError) as caught:
        cp.load("baseline", set={"chip.h100.tpp": "much"})
    assert caught.value.findings[0].message
    files = {q["place"].rsplit(":", 1)[0] for q in cp.load("baseline").show("route.*.detection") if q["place"]}
    assert files and all(f.startswith("baseline/") for f in files), files


def test_usage_is_an_error_of_its_own(world):
    with pytest.raises(cp.UsageError, match="draws"):
        world.run("many")
    with pytest.raises(cp.UsageError):
        world.run(64, given="some day")
    with pytest.raises(cp.UsageError, match="no argument"):
        world.compare(drows=5)
    with pytest.raises(cp.ScenarioError, match="no cell"):
        world.run(64, precision="lab.x/reachable_flop@2026Q4 p50 = 1%")
    with pytest.raises(KeyError, match="select"):
        world.run(64).median("lab.x/reachable_flop@2026Q4")


def test_a_number_has_its_interval(run):
    found = run.median(CELL)
    assert found.low <= found.value <= found.high and found.unit == "FLOP"
    assert run.cell(CELL)["p50"] == found.value
    more = cp.load("tutorial").run(4096).median(CELL)
    assert more.high - more.low < found.high - found.low


def test_edits_and_policies_change_what_they_say(world, run):
    policies = world.policies
    assert len(policies) >= 1 and policies["title"][0]
    stem = policies["policy"][0]
    under = world.run(512, policy=stem)
    assert under.summary["policy"][0] == stem
    assert under.summary.to_csv() == world.under(policy=stem).run(512).summary.to_csv()
    shown = world.under(set={"route.*.detection": 0.25}).show("route.*.detection")
    assert shown["p50"] == [0.25] * len(shown)
    tables = world.under(set={"route.*.detection": "uniform(10%, 20%)"}).show("route.*.detection")
    assert tables["p50"][0] == pytest.approx(0.15)
    assert run.summary.to_csv() != under.summary.to_csv()


def test_comparison_sweep_and_their_tables(world):
    stem = world.policies["policy"][0]
    found = world.compare([stem], draws=256, targets=f"{CELL} < 1e27")
    assert set(found.ranking["policy"]) == {"base", stem}
    assert set(found.summary["policy"]) == {"base", stem}
    assert len(found.table("targets")) == 2
    swept = world.sweep({"route.*.detection": ["2%", "40%"], "lab.*.mfu": [0.2, 0.4]}, draws=128)
    assert len(swept.points) == 4


def test_rules_graph_and_story(world):
    book = world.rules("2023-12-01")
    assert set(book.rows()[0]) >= {"chip", "to", "status"}
    assert {"before", "after"} <= {c.name for c in world.under(policy=world.policies["policy"][0]).rule_changes().columns}
    graph = world.graph()
    assert graph.is_directed() and len(graph) > 5
    ranked = world.chokepoints(draws=8)
    assert ranked["rank"][0] == 1
    story = world.explain(3, draws=64)
    assert "draw 3" in story.text.lower() and story.json
    picked = world.explain(pick=f"p95:{CELL}", draws=64)
    assert picked.text


def test_two_runs_differ_where_they_were_changed(world, tmp_path):
    a = world.run(512, out=tmp_path / "a")
    b = world.run(512, out=tmp_path / "b", set={"route.*.detection": "90%"})
    changed = cp.diff(a, b)
    assert any(row["kind"] == "input" for row in changed.table) and changed.text


def test_metrics_are_found_by_words():
    every = cp.metrics()
    assert len(every) > 40
    some = cp.metrics("smuggled chips")
    assert 0 < len(some) < len(every) and "smuggled_chips" in some["metric"]


def test_tables_know_their_columns(run):
    columns = {c.name: c for c in run.thresholds.columns}
    assert columns["probability"].kind == "number" and columns["probability"].meaning
    with pytest.raises(KeyError, match="no column"):
        run.summary["p51"]
    assert cp.schema()["$schema"]


def test_everything_shows_itself_in_a_notebook(world, run, tmp_path):
    stem = world.policies["policy"][0]
    for shown in (world, run, run.summary, world.compare([stem], draws=64), world.check(), world.explain(0, draws=8)):
        assert "<" in shown._repr_html_() and repr(shown)
    hostile = cp.Table("t", "<script>", [("<b>", "string", None, "")], '<b>\n"<script>alert(1)</script>"\n')
    assert "<script>" not in hostile._repr_html_() and "<b>" not in hostile._repr_html_()
    assert "iframe" in world.run(64, out=tmp_path / "page").page()._repr_html_()


def test_a_world_is_explored_in_a_page(world, tmp_path):
    page = world.explore(set={"route.*.detection": "10%"}, height=700)
    assert "<!doctype html>" in page.html.lower()
    page.save(tmp_path / "explorer.html")
    assert (tmp_path / "explorer.html").read_text(encoding="utf-8") == page.html
    frame = page._repr_html_()
    assert 'height="700"' in frame and "allow-same-origin" not in frame and frame.count("<iframe") == 1
    assert page.html != world.explore().html


def test_conditions_are_found_in_the_draws_of_a_run(world, tmp_path):
    when = "country.omega/reachable_flop@2025Q4 < 3e26"
    run = world.run(1024, out=tmp_path / "run", set={"route.*.detection": "10%"}, select="country.omega/reachable_flop@2025Q4")
    there = run.discover(when)
    assert there.text == world.discover(when, draws=1024, set={"route.*.detection": "10%"}).text
    assert there.text != world.discover(when, draws=1024).text
    with pytest.raises(cp.UsageError, match="folder"):
        world.run(64).discover(when)


def test_figures(world, run, monkeypatch):
    fan = run.plot()
    assert len(fan.data) % 3 == 0 and "FLOP" in fan.layout.yaxis.title.text
    assert run.plot_drivers().data[0].orientation == "h"
    actors = list(dict.fromkeys(run.headline["actor"]))
    assert run.plot_ratio(actors[0], actors[1]).data[0].y
    assert world.compare([world.policies["policy"][0]], draws=64).plot().data
    monkeypatch.setitem(__import__("sys").modules, "plotly.graph_objects", None)
    with pytest.raises(ImportError, match="pip install plotly"):
        run.plot()


def test_conditions_and_worth() -> None:
    world = cp.load("tutorial")
    found = world.discover("country.omega/reachable_flop@2025Q4 < 2e26", draws=1024)
    assert found.text and set(found.tables) == {"discovery.csv", "tradeoff.csv"}
    shares = world.indices("country.omega/reachable_flop@2025Q4", of=3, draws=64)
    assert shares.answer is not None and len(shares.json["inputs"]) == 4
    assert abs(sum(row["shapley"]["value"] for row in shares.json["inputs"]) - 1) < 1e-9
    levers = ["lab.first.mfu=0.2..0.6", "policy=rule-delayed"]
    found = world.search(levers, "min country.omega/reachable_flop@2025Q4", draws=64, budget=1000)
    assert found.answer is not None and found.json["points"][0]["front"]
    worth = world.worth("min country.omega/reachable_flop@2025Q4", draws=256)
    assert worth.answer is not None and worth.json["inputs"]
