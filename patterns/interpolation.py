"""Interpolation: what lies between two recordings.

A recording is a path through the space of sounds that the model knows. `lerp(a, b, amount)` walks beside both paths,
`amount` of the way from the one to the other, and every place on that walk is a sound that nobody has recorded.
"""

tempo(60)  # a bar of four seconds, as long as the recordings

# The ground: a choir that becomes bowed strings and a choir again, once in eight bars.
v1.z = lerp("choir", "string", sine.slow(8))
v1.amp = 1
v1.pan = sine.slow(5).range(-0.4, 0.1)

# Over it, struck things in a rhythm of their own. Each bar asks how much metal there is in a bell.
v2.z = lerp("bell(3,8)", "metal(3,8)", "<0 0.35 0.7 1>")
v2.amp = "1 0.7 0.85 0.6"
v2.pan = 0.4

# From time to time water runs through the middle, on its way to becoming wind.
v3.z = lerp("<~ water>", "wind", perlin.slow(2))
v3.amp = 0.7
v3.pan = sine.slow(3).range(-0.8, 0.8)
