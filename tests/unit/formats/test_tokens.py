"""Tokens are counted by what the settings name, and by nothing else."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.tokens import estimate_tokens, token_counter
from tests.support.packages import copy_package, source_files


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a", 1), ("abcdef", 2), ("a b", 2), ("a_b", 3), ("f(x)", 4), ("x:\n    y", 4), ("((((", 2)],
)
def test_the_estimate_is_what_it_says(text: str, count: int) -> None:
    assert estimate_tokens(text) == count
    assert token_counter("estimate", Path())(text) == count


def test_a_real_tokenizer_counts_where_one_is_named_and_the_estimate_is_near_it(tmp_path: Path) -> None:
    root = copy_package("requests", tmp_path)
    texts = [(root / path).read_text() for path in source_files(root)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=4_000, show_progress=False))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    count = token_counter("tokenizer.json", tmp_path)
    real = sum(map(count, texts))
    assert real == sum(len(tokenizer.encode(text).ids) for text in texts)
    assert 0.5 < sum(map(estimate_tokens, texts)) / real < 2


def test_a_tokenizer_that_cannot_be_had_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.json"):
        token_counter("no.json", tmp_path)
    with pytest.raises(UsageError, match="tiktoken:no-such-encoding"):
        token_counter("tiktoken:no-such-encoding", tmp_path)
