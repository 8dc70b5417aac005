"""Makes LocalStack as strict as AWS where this project depends on it.

It is put on Python's path, beside a hand-written dist-info folder by whose
entry points LocalStack finds it; nothing is built or installed.
"""
