"""Nouns: frozen structs that cross the borders between stages, in flow order.

    config -> syntax -> interface -> linked -> qualified -> scip, stitched -> facts, typed -> rows

Structs with `array_like=True` are bulk data: they are encoded without field names. Nothing here reads,
writes or decides.
"""
