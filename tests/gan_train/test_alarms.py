"""The rules of the alarms on made-up runs: quiet ones stay quiet, each way to go wrong is said once."""

import json
import math

from gan_train.alarms import FEW, LONG, Alarms

FINE = {"spread": 0.9, "nearest": 0.7, "recall": 0.8, "coverage": 0.9, "frechet": 1.4, "score": 1.5}


def names(found) -> list[str]:
    return [alarm.name for alarm in found]


def feed(alarms, rows, name="critic/penalty_real"):
    return [alarm for step, value in enumerate(rows) for alarm in alarms.see_terms(50 * step, {name: value})]


def test_a_penalty_may_grow_and_jump_but_not_explode():
    grow = [0.01 * 1.12**i for i in range(60)]
    assert feed(Alarms(0), grow) == [], "from 0.01 to 8 over 3,000 steps"
    assert feed(Alarms(0), [0.1] * 20 + [90.0] + [0.1] * 20) == [], "one jump"
    assert feed(Alarms(0), [0.001] * 20 + [0.9] * 20) == [], "a large factor of next to nothing"
    assert feed(Alarms(0), [500.0] * (FEW - 1)) == [], "nothing to compare with yet"
    assert names(feed(Alarms(0), [1e5] * 9)) == ["penalty"], "from the start"


def test_an_exploding_penalty_is_said_once_per_onset():
    alarms = Alarms(0)
    found = feed(alarms, [0.1] * 20 + [0.1 * 4**i for i in range(1, 12)])
    assert names(found) == ["penalty"]
    assert "critic/penalty_real explodes" in found[0].what and "gamma" in found[0].advice
    assert feed(alarms, [0.1] * 60) == []
    assert names(feed(alarms, [500.0] * 5)) == ["penalty"]


def test_a_critic_that_is_never_wrong_and_one_that_knows_nothing():
    alarms = Alarms(0)

    def look(step, loss, margin):
        return names(alarms.see_terms(step, {"critic/adversarial": loss, "critic/margin": margin}))

    def looks(loss, margin, count):
        return [name for step in range(count) for name in look(step, loss, margin)]

    assert looks(0.3, 1.2, 3 * LONG) == []
    assert looks(0.001, 9.0, 2 * LONG) == ["critic overwhelming"]
    assert looks(0.3, 1.2, 1) == [] and looks(0.001, 9.0, LONG) == ["critic overwhelming"]
    assert looks(0.693, 0.0, 2 * LONG) == ["critic overwhelmed"]
    assert looks(0.6, 0.15, 2 * LONG) == []
    assert looks(0.8, -0.3, 2 * LONG) == ["critic overwhelmed"]
    assert names(alarms.see_terms(0, {"generator/adversarial": 0.001})) == [], "generators have no margin"


def collapsing(alarms, *rows):
    return [alarm for i, row in enumerate(rows) for alarm in alarms.see_figures(500 * i, {**FINE, **row})]


def test_samples_that_are_all_alike_are_a_collapse_after_the_grace():
    alike = {"spread": 0.05}
    assert names(collapsing(Alarms(2000), *[alike] * 4)) == [], "an untrained generator draws one grey"
    found = collapsing(Alarms(1000), *[alike] * 8)
    assert names(found) == ["collapse"] and found[0].step == 1500
    assert "nearly the same picture" in found[0].what and "--checkpoint best" in found[0].advice
    assert names(collapsing(Alarms(0), {}, alike, {}, alike, {})) == [], "one look is none"
    assert names(collapsing(Alarms(0), *[{"nearest": 0.0}] * 3)) == ["collapse"], (
        "few pictures, over and over"
    )
    assert names(collapsing(Alarms(0), alike, alike, {}, alike, alike)) == ["collapse"] * 2


def test_recall_that_was_there_and_is_gone_is_a_collapse():
    gone = {"recall": 0.1}
    found = collapsing(Alarms(0), {}, {}, gone, gone, gone)
    assert names(found) == ["collapse"] and "lost variety: recall 0.10" in found[0].what
    never = {"recall": 0.05, "coverage": 0.1}
    assert collapsing(Alarms(0), *[never] * 9) == [], "what has learned little yet has not collapsed"


def test_a_state_from_json_goes_on_where_it_was():
    straight, first, second = Alarms(0), Alarms(0), Alarms(0)
    rows = [0.1] * 20 + [0.1 * 4**i for i in range(1, 12)]
    figures = [FINE, {**FINE, "spread": 0.01}, {**FINE, "spread": 0.01}]
    expected = feed(straight, rows) + collapsing(straight, *figures)
    found = feed(first, rows[:24]) + collapsing(first, *figures[:2])
    second.restore(json.loads(json.dumps(first.state())))
    found += [
        alarm
        for step, value in enumerate(rows[24:], start=24)
        for alarm in second.see_terms(50 * step, {"critic/penalty_real": value})
    ]
    found += second.see_figures(1000, figures[2])
    assert sorted(map(str, found)) == sorted(map(str, expected)) and len(expected) == 2
    assert second.state() == straight.state()


def test_infinite_penalties_are_an_alarm_too():
    assert names(feed(Alarms(0), [0.1] * 20 + [math.inf] * 3)) == ["penalty"]


def test_a_huge_penalty_is_said_at_the_first_look():
    assert names(feed(Alarms(0), [2e4])) == ["penalty"], "there may be no second one"
    alarms = Alarms(0)
    assert names(feed(alarms, [0.1] * 20 + [90.0, 2e4, 3e4, 4e4])) == ["penalty"], "and once"
    assert feed(alarms, [0.1] * 20) == [] and names(feed(alarms, [2e4, 2e4])) == ["penalty"]
