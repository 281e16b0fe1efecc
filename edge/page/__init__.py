"""The concentrator's own page: works in a basement, without a network, without anything from outside."""
