"""A repository's whole life: started, reviewed, applied, pinned, changed by hand, reported, healed."""

from __future__ import annotations

from tests.pipelines.conftest import ALICE, CAROL, DAN, Scene
from tests.stage import INSTANCE


def test_a_whole_life_from_init_to_a_healed_drift(scene: Scene) -> None:
    forge, world = scene.forge, scene.world
    # What init wrote is committed (see the scene). The one group that is live already is found, and its id noted.
    born = scene.run("apply", forge.pushed())
    assert born.results == {"plan": "success", "apply": "skipped", "record": "success"}

    # A pull request says what would happen, and nothing happens.
    text = forge.file("groups.yaml")
    wanted = text + "\n  board: {name: Board, members: [alice, carol]}\n"
    proposed = scene.run("plan", forge.pull_request({"groups.yaml": wanted}))
    assert proposed.results == {"offline": "success", "live": "success"}
    (comment,) = forge.bodies()
    assert "Board" in comment
    assert "carol" in comment
    assert "Alpha" not in comment
    assert world.effects() == ()

    # Merging applies it, notes the id, and remembers the revision.
    applied = scene.run("apply", forge.merge())
    assert applied.results == {"plan": "success", "apply": "success", "record": "success"}
    (board,) = [group for group in world.groups(INSTANCE) if group.name == "Board"]
    assert f"id: {board.id}" in forge.file("groups.yaml").replace('"', "")
    assert forge.tip("refs/tags/applied/main") == applied.event.sha

    # Somebody adds somebody by hand; the morning's look says so in an issue.
    world.add_participant(board.id, DAN)
    assert scene.run("drift", forge.pushed("schedule"), jobs=["drift"]).results == {"drift": "success"}
    (issue,) = forge.store["issues"]
    assert (issue["state"], "dan" in issue["body"]) == ("open", True)
    assert not [number for number in (ALICE, CAROL, DAN) if number in issue["body"]]

    # Running the workflow by hand heals it, and the next look closes the issue.
    healed = scene.run("apply", forge.pushed("workflow_dispatch"))
    assert healed.results == {"plan": "success", "apply": "success", "record": "success"}
    assert len(world.group(board.id).members) == 3
    assert scene.run("drift", forge.pushed("schedule"), jobs=["drift"]).results == {"drift": "success"}
    (issue,) = forge.store["issues"]
    assert issue["state"] == "closed"
