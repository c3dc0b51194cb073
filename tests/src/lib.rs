//! Nothing: the tests of this package are in `tests/house` (the house rules) and `tests/it` (the whole, from outside).
