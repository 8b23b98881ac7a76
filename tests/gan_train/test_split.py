"""The split hangs on names alone: order, other labels and new materials hardly move it."""

from gan_train.image_files import map_of
from gan_train.split import held_out_groups


def groups(*labels: tuple[str, int]) -> dict[str, dict[str, int]]:
    return {label: {f"{label}-{number}": 1 for number in range(count)} for label, count in labels}


def test_each_label_of_four_gives_one_and_large_ones_a_tenth():
    held = held_out_groups(groups(("a", 3), ("b", 4), ("c", 50)), 0.1)
    counts = {label: sum(name.startswith(label) for name in held) for label in "abc"}
    assert counts == {"a": 0, "b": 1, "c": 5}


def test_order_and_other_labels_do_not_matter():
    alone = held_out_groups(groups(("b", 30)), 0.1)
    shuffled = {"b": dict(reversed(groups(("b", 30))["b"].items())), **groups(("a", 9))}
    assert {name for name in held_out_groups(shuffled, 0.1) if name.startswith("b")} == alone


def test_a_new_material_moves_at_most_one():
    for count in range(20, 40):
        before = held_out_groups(groups(("b", count)), 0.1)
        after = held_out_groups(groups(("b", count + 1)), 0.1)
        assert len(before - after) <= 1 and len(after - before) <= 2


def test_a_group_lies_on_one_side_for_all_its_labels():
    for name in (f"shared{n}" for n in range(30)):
        sizes = {"a": {name: 1, "a1": 1, "a2": 1, "a3": 1}, "b": {name: 1, "b1": 1, "b2": 1, "b3": 1}}
        held = held_out_groups(sizes, 0.25)
        assert all(any(group in held for group in sizes[label]) for label in sizes)


def test_a_large_group_is_not_held_out_when_a_small_one_will_do():
    held = held_out_groups({"a": {"large": 8, "s1": 1, "s2": 1}}, 0.1)
    assert len(held) == 1 and "large" not in held


def test_nothing_is_held_out_at_share_0():
    assert held_out_groups(groups(("a", 20)), 0.0) == set()


def test_what_is_frozen_stays_and_new_groups_make_up_the_share():
    for count in range(4, 40):
        held = held_out_groups(groups(("b", count)), 0.1)
        frozen = {group: group in held for group in groups(("b", count))["b"]}
        after = held_out_groups(groups(("b", 2 * count)), 0.1, frozen)
        assert {group for group in after if group in frozen} == held
        assert 1 <= len(after) <= max(0.15 * 2 * count, 1)
    thin = dict.fromkeys(groups(("b", 3))["b"], False)  # too few to hold one out, then
    assert held_out_groups(groups(("b", 4)), 0.1, thin) == {"b-3"}
    assert held_out_groups(groups(("b", 9)), 0.0, {"b-0": True, "gone": True}) == {"b-0"}


def test_map_names():
    colors = (
        "basecolor",
        "base_color",
        "Bricks001_2K_Color",
        "wall_diff_4k",
        "Albedo",
        "BaseColor-2K-JPG",
        "col",
    )
    others = ("normal", "Bricks001_2K_NormalGL", "wall_nor_gl_4k", "Roughness", "AmbientOcclusion", "ao")
    assert [map_of(name) for name in colors] == ["base_color"] * len(colors)
    kinds = ["normal", "normal", "normal", "roughness", "other", "other"]
    assert [map_of(name) for name in others] == kinds
    assert [map_of(name) for name in ("IMG_0001", "old wall", "12", "")] == [""] * 4
