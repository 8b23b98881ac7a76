"""Decides which materials are held out; standard library only.

Fourth station of `prepare`, after duplicates.py. The decision hangs on the SHA-256 of each group's name alone, never
on the order of files or on a random seed: the same folder gives the same split on every machine, and adding a
material to a label moves at most the last chosen group. Where a dataset is made anew in its place, not even that: the
groups of the old one stay on their sides, so that what a generator was trained on is never what it is measured on.
"""

import hashlib

MIN_MATERIALS = 4  # labels with fewer give everything to training


def held_out_groups(
    groups: dict[str, dict[str, int]], share: float, frozen: dict[str, bool] | None = None
) -> set[str]:
    """Names of the groups to hold out. `groups`: label -> {group: number of materials}; `share` in 0..1; `frozen`:
    group -> whether it is held out already.

    Each label gives at least one group when it has 4 materials or more in at least 2 groups, and else about `share`
    of its materials, never more than half as much again. A group found under several labels lies on one side for all
    of them.
    """
    frozen = frozen or {}
    held = {group for group, is_held in frozen.items() if is_held}
    kept = set(frozen) - held
    for label in sorted(groups):
        sizes = groups[label]
        total = sum(sizes.values())
        chosen = [group for group in sizes if group in held]
        free = sorted((group for group in sizes if group not in held and group not in kept), key=_rank)
        if share > 0 and total >= MIN_MATERIALS and len(sizes) >= 2:
            count = sum(sizes[group] for group in chosen)
            for group in free:
                if count < share * total and count + sizes[group] <= 1.5 * share * total:
                    chosen.append(group)
                    count += sizes[group]
            if not chosen and free:
                chosen.append(min(free, key=lambda group: (sizes[group], _rank(group))))
        held.update(chosen)
        kept.update(group for group in sizes if group not in held)
    return {group for sizes in groups.values() for group in sizes if group in held}


def _rank(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()
