#!/usr/bin/env python3
"""selftest.py [NAME…]: AWS's own client library and curl against the stand-in; seconds. A name chooses a check (test_signals)."""
import pathlib
import sys
import unittest

from checks.base import Bed


def main():
    Bed.start()
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*.{name}" for name in sys.argv[1:]] or None
    here = pathlib.Path(__file__).parent
    result = unittest.TextTestRunner().run(loader.discover(str(here / "checks"), top_level_dir=str(here)))
    Bed.end()
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
