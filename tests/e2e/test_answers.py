"""One answer to what each reference means: who decided, how sure that is, and whether it is all."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.command import Command
from tests.support.workspace import Workspace

ZOO = {
    "pyproject.toml": '[project]\nname = "zoo"\nversion = "1"\n[tool.codeintel-enrich.index]\ntool = "pyrefly"\n',
    "src/zoo/__init__.py": "from zoo.animals import Animal\n",
    "src/zoo/animals.py": (
        "class Animal:\n    def speak(self) -> str:\n        return ''\n\n    @property\n    def name(self) -> str:\n"
        "        return self.speak()\n\n    @name.setter\n    def name(self, value: str) -> None: ...\n\n\n"
        "class Dog(Animal):\n    def speak(self) -> str:\n        return 'woof'\n\n\n"
        "class Puppy(Dog):\n    def speak(self) -> str:\n        return 'yip'\n\n\n"
        "class Stone:\n    def speak(self) -> str:\n        return '...'\n"
    ),
    "src/zoo/keeper.py": (
        "from zoo.animals import Animal, Dog, Stone\n\n\ndef find() -> list[Animal]:\n    return [Dog()]\n\n\n"
        "def feed(animal: Animal):\n    return animal.speak()\n\n\ndef tour():\n    for one in find():\n"
        "        one.name = 'Rex'\n        print(one.speak())\n    Stone().speak()\n    return Animal.speak(Dog())\n"
    ),
    "src/zoo/radio.py": (
        "from typing import Protocol\n\n\nclass Player(Protocol):\n    def play(self) -> None: ...\n"
        "    def stop(self) -> None: ...\n\n\nclass Tape:\n    def play(self): ...\n    def stop(self): ...\n"
        "\n\nclass Toy:\n    def play(self) -> None: ...\n\n\ndef evening(player: Player) -> None:\n    player.play()\n"
    ),
    "src/zoo/untyped.py": "def loud(thing):\n    return thing.speak()\n",
}
TYPED = {path: text for path, text in ZOO.items() if path != "src/zoo/untyped.py"}


@pytest.fixture
def command(zoo: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(zoo.root, monkeypatch, capsys)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("zoo"), ZOO, index=True)
    workspace.build()
    return workspace


def asked(workspace: Workspace, question: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workspace.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        return store.execute(question).fetchall()


def test_the_index_decides_what_names_leave_open(zoo: Workspace) -> None:
    assert asked(
        zoo,
        "select start_line, qualified_name, target_path, via, certainty from refs"
        " where path = 'src/zoo/keeper.py' and name = 'speak' order by 1",
    ) == [
        (9, "zoo.animals.Animal.speak", "src/zoo/animals.py", "index", "dispatch"),
        (15, "zoo.animals.Animal.speak", "src/zoo/animals.py", "index", "dispatch"),
        (16, "zoo.animals.Stone.speak", "src/zoo/animals.py", "index", "dispatch"),
        (17, "zoo.animals.Animal.speak", "src/zoo/animals.py", "member", "exact"),
    ]


def test_a_symbol_means_its_definition_however_the_module_is_spelled(zoo: Workspace) -> None:
    # Below `src/` an indexer may spell modules by their paths.
    assert asked(zoo, "select count(*) from refs where agreement = 'differ'") == [(0,)]


def test_who_uses_a_method_is_answered_with_overrides(zoo: Workspace) -> None:
    users = "select distinct source, certainty from may_use where target = '{}' order by all"
    assert asked(zoo, users.format("zoo.animals.Puppy.speak")) == [
        ("zoo.animals.Animal.name", "dispatch"),
        ("zoo.keeper.feed", "dispatch"),
        ("zoo.keeper.tour", "dispatch"),
    ]
    assert asked(zoo, users.format("zoo.animals.Stone.speak")) == [("zoo.keeper.tour", "dispatch")]


def test_who_has_the_methods_of_a_protocol_may_run_where_it_is_called(zoo: Workspace) -> None:
    assert asked(
        zoo,
        "select target, certainty from may_use where source = 'zoo.radio.evening' and named like '%play' order by all",
    ) == [("zoo.radio.Player.play", "dispatch"), ("zoo.radio.Tape.play", "dispatch")]


def test_to_set_a_property_is_to_use_it(zoo: Workspace) -> None:
    assert ("zoo.keeper.tour",) in asked(zoo, "select source from uses where target = 'zoo.animals.Animal.name'")


def test_refs_says_whether_that_is_all(zoo: Workspace, command: Command, tmp_path: Path) -> None:
    found = command.run("refs", "zoo.animals.Stone.speak", "--root", str(zoo.root), "--json").summary
    assert not found["complete"]
    assert [(row["path"], row["start_line"]) for row in found["undecided"]] == [("src/zoo/untyped.py", 2)]
    assert found["excluded"] == 4
    typed = Workspace(tmp_path, TYPED, index=True)
    typed.build()
    found = command.run("refs", "zoo.animals.Stone.speak", "--root", str(typed.root), "--json").summary
    assert found["complete"]
    assert "that is all" in command.run("refs", "zoo.animals.Stone.speak", "--root", str(typed.root)).out


def test_a_module_that_takes_another_name_gives_new_answers_where_the_index_finds_it(
    zoo: Workspace, tmp_path: Path
) -> None:
    given = tmp_path / "given.scip"
    given.write_bytes((zoo.root / "cache" / "index.scip").read_bytes())
    workspace = Workspace(tmp_path, ZOO, scip=given)
    workspace.build()
    # What was a root holds a package now, so all in it is named from the repository.
    workspace.write("src/__init__.py", "")
    assert "stitch:src/zoo/keeper.py" in workspace.ran()
    workspace.assert_equals_clean()
    workspace.delete("src/zoo/animals.py")
    workspace.build()
    workspace.assert_equals_clean()
