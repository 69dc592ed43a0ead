"""What a log comes to per file: authors, churn, and names followed through renames."""

from codeintel_enrich.formats.git_log import SECONDS_A_DAY, ChangedFile, Commit, histories, read_log

LOG = (
    b"\x01c3\x1f300\x1fAnn\0\x01c2\x1f200\x1fBob \x1f B\0\n1\t2\t\0old.py\0new.py\0-\t-\tpicture.png\0"
    b"\x01c1\x1f100\x1fAnn\0\n5\t0\told.py\x000\t0\tt\xc3\xa4b\ta.py\0"
)


def test_a_log_is_read_with_renames_and_awkward_names() -> None:
    assert list(read_log(LOG)) == [
        Commit("c3", 300, "Ann", []),
        Commit("c2", 200, "Bob \x1f B", [ChangedFile("new.py", "old.py", 3), ChangedFile("picture.png", None, 0)]),
        Commit("c1", 100, "Ann", [ChangedFile("old.py", None, 5), ChangedFile("täb\ta.py", None, 0)]),
    ]
    assert list(read_log(b"")) == []


def commit(day: int, author: str, *changes: ChangedFile) -> Commit:
    return Commit(f"c{day}", day * SECONDS_A_DAY, author, list(changes))


def test_a_file_is_followed_through_renames_and_another_of_its_old_name_is_not() -> None:
    commits = [
        commit(9, "Ann", ChangedFile("a.py", None, 1)),
        commit(8, "Bob", ChangedFile("b.py", "a.py", 2)),
        commit(7, "Cem", ChangedFile("a.py", None, 4)),
        commit(6, "Dee", ChangedFile("b.py", None, 8)),
    ]
    found = histories(iter(commits), ["a.py", "b.py"], 9 * SECONDS_A_DAY, 365)
    assert [author.name for author in found["a.py"].authors] == ["Ann"]
    # What Dee wrote under the name `b.py` was another file, gone before the rename.
    assert [(author.name, author.n_lines) for author in found["b.py"].authors] == [("Cem", 4), ("Bob", 2)]


def test_churn_counts_the_window_and_authors_count_all() -> None:
    commits = [commit(100, "Ann", ChangedFile("a.py", None, 3)), commit(10, "Bob", ChangedFile("a.py", None, 30))]
    found = histories(iter(commits), ["a.py"], 100 * SECONDS_A_DAY, 30)["a.py"]
    assert [(author.name, author.n_commits, author.n_lines) for author in found.authors] == [
        ("Bob", 1, 30),
        ("Ann", 1, 3),
    ]
    assert (found.churn_commits, found.churn_lines) == (1, 3)
    assert found.last_commit == "1970-04-11T00:00:00Z"


def test_files_that_are_gone_have_no_history() -> None:
    assert histories(iter([commit(1, "Ann", ChangedFile("gone.py", None, 3))]), ["a.py"], SECONDS_A_DAY, 1) == {}
