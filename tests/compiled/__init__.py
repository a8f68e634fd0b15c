"""Test and measure the processors as the image has them: the hot path compiled to C by mypyc."""
