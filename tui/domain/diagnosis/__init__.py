"""Why an instance fails: evidence, what is found in it, and the verdict.

What a log says changes words, never a guard, a hazard, a permission or an act: the guest writes it.
"""
