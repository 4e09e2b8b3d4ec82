"""The integer table by which the sweeps know a network: one row a layer, these columns.

A jitted function that walks a table compiles once for all architectures. Offsets count numbers in theta; ``UNITS`` is
the number of units in the layers before this one, so that a layer's block of a work array for n rows begins at n *
UNITS.
"""

KIND, INPUTS, OUTPUTS, WEIGHT, BIAS, SLOPE, ACTIVATION, UNITS = range(8)
COLUMNS = 8

#: Kinds of layer.
DENSE = 0

#: Columns of the companion table of floats.
BETA, ALPHA = 0, 1
