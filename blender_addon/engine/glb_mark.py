"""What a GLB says of its making: recipe, mark and rights in its asset. Standard library only; never bpy.

Previous station: mark.py. Next: glb.pack_glb.
"""

from .mark import MARK_KEY, RECIPE_KEY, Mark, facts, found_facts, rights

OURS = "Made by the trained generator "  # as rights() begins


def told_by(document: dict) -> dict:
    """Recipe, licences and authors that it carries, where we wrote it."""
    extras = document["asset"].get("extras")
    extras = extras if isinstance(extras, dict) else {}
    return found_facts(extras.get(MARK_KEY), extras.get(RECIPE_KEY))


def stamp(document: dict, text: str, told: Mark) -> None:
    """text: of the recipe. What its maker says of his rights stays before ours."""
    asset = document["asset"]
    extras = asset.get("extras")
    asset["extras"] = {
        **(extras if isinstance(extras, dict) else {}),
        RECIPE_KEY: text,
        MARK_KEY: {key: value for key, value in facts(told).items() if key != "recipe"},
    }
    others = str(asset.get("copyright", "")).partition(OURS)[0].strip()
    asset["copyright"] = f"{others} {rights(told)}".strip()
