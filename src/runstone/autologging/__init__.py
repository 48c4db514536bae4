"""Trainings that record themselves: a library's own functions are patched where that was asked for, and what they are given and give is logged.

A leaf for each library. A library is patched when it is imported, never imported for it. Whatever fails here, the training goes on.
"""
