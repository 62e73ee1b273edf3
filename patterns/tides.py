"""Tides: what lies between voices, water and wind, in four parts. A little over three minutes.

livevae patterns/tides.py                      plays it; save the file and it goes on with the new version
livevae patterns/tides.py --from deep          begins with that part
livevae render patterns/tides.py -o tides.wav  the whole of it, always the same
"""

tempo(60, beats=4)  # a cycle is a bar of four seconds
transition(fade(1))  # everything comes and goes within a bar

# The sea is there from the beginning to the end, and every part may leave it as it is.
v1.z = lerp("water", "wind", sine.slow(6)) + noise(0.3)
v1.amp = sine.slow(8).range(0.15, 0.4)
v1.pan = perlin.slow(3).range(-0.5, 0.5)


@cue(bars=10)
def shore():
    # Single bells, now and then: of eight steps three, and of those a half.
    v2.z = "<bell metal>(3,8,<0 2>)?"
    v2.amp = perlin.slow(2).range(0.2, 0.5)
    v2.pan = sine.slow(7).range(-0.7, 0.7)


@cue(bars=14)
def swell():
    # A closed path through three recordings, each of them held for a moment, under a slow random movement.
    v3.z = spline(freeze("choir", 0.5), freeze("voice", 0.6), freeze("string", 0.4), closed=True).slow(7) + noise(0.4)
    v3.amp = env([(0, 0), (6, 0.6), (14, 0.35)]).late(now())
    v2.z = "bell(3,8)?0.7"
    v2.amp = 0.2


@cue(bars=14)
def deep():
    # The choir circles around its own middle; what is far from it is pulled in by two standard deviations.
    v3.play(mean("choir") + orbit((0, 1), 0.8).slow(4) + jitter(0.15), transition=morph(2))
    v3.amp = 0.5
    v4.z = cross("voice", "metal", tri.slow(7)).smooth(0.2)
    v4.amp = env([(0, 0), (8, 0.4), (14, 0.1)]).late(now())
    v4.pan = -0.3
    v1.amp = 0.3


@cue(bars=10)
def ebb():
    v3.z = lerp(mean("choir"), "water", saw.slow(10)).late(now())
    v3.amp = line(0.5, 0.05, 10).late(now())
    v2.z = "~ bell? ~ metal?"
    v2.amp = 0.25


form("shore", "swell", "deep", "ebb", end="hush")
