"""The public API of a tree as data, and the judgement of what a change of it does to those who use it.

    objects      what a public thing is: kind, members, ways to call it
    expressions  annotations, defaults and decorators, so that two spellings of one thing are equal
    fields       the constructor and the members that a dataclass and its like are given
    surface      the store's rows and the sources behind them -> objects
    calls        two signatures -> the calls that were right and are wrong now
    judge        two objects -> all that breaks their users

No name is looked up by importing what is compared: that would run it.
"""
