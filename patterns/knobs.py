"""Knobs: eight MIDI controllers under the hands.

    cc 1 (the wheel)    from choir to voice          cc 73   how far the space is stretched
    cc 74, 71, 72       three dimensions of the ground     cc 91   how much wanders by itself
    cc 7                level of the ground          cc 10   level of the pulse

Every knob has a default, so the piece also plays with no controller at all. What a knob says is heard a moment after it
is turned: `cc` is a pattern like any other, read when its frame is played.
"""

tempo(66)

wander = cc(91, default=0.6) * 2  # in the units of the space: most sounds lie within -3 and 3


def knob(number, speed):
    """A dimension: where the knob stands, -3 to 3, and around it a slow movement of its own."""
    return cc(number, default=0.5).range(-3, 3) + perlin.seed(number).slow(speed).range(-1, 1) * wander


# The ground, between two recordings; over it three dimensions are driven directly.
v1.z = lerp("choir", "voice", cc(1, default=0.3)) * cc(73, default=0.4).range(0.6, 1.6)
v1.dim[0] = knob(74, 3)
v1.dim[1] = knob(71, 4)
v1.dim[2] = knob(72, 5)
v1.amp = cc(7, default=0.7) * 3

# The pulse: short steps through the same space, pushed along by the same wheel.
v2.z = lerp("drum*2 ~ [drum metal] ~", "string", cc(1, default=0.3))
v2.amp = cc(10, default=0.5) * 3
v2.pan = sine.slow(2).range(-0.6, 0.6)
