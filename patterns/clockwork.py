"""Clockwork: recordings cut into slices and put together again, by rule and by chance. Two and a half minutes.

The same seed gives the same performance: livevae render patterns/clockwork.py -o a.wav --seed 7
"""

tempo(112)  # four beats to a bar
transition(clutch(1))  # the new falls into place event by event
v1.amp, v2.amp, v3.amp = 0.6, 0.4, 0.35  # where no part says otherwise

pulse_line = "drum*2 [~ drum] drum(3,8) <drum [drum drum]>"


@cue(bars=12)
def wind_up():
    v1.z = "^pulse_line"
    v1.amp = line(0.1, 0.6, 12)


@cue(bars=16)
def gears():
    # Slices of one recording in another order each bar, and now and then twice as fast.
    v1.z = mini("^pulse_line").sometimes_by(0.2, ply(2))
    v2.z = mini("metal").slice(8, "0 .. 7") >> shuffle(4) >> every(4, rev)
    v2.amp = "0.5 0.3 0.4 0.3"
    v2.pan = "-0.5 0.5"


@cue(bars=16)
def escapement():
    # Three clocks that meet every fifteen steps.
    v1.z = "{drum ~ drum, metal ~ ~ drum ~}%8"
    v2.z = mini("{bell string bell ~ string}%6").swing(0.08, 4) >> often(degrade_by(0.3))
    v3.z = lerp("string", "bell", square.fast(2)) + dim(0, rand.segment(8).range(-2, 2)).unit()
    v3.amp = (perlin.slow(2) > 0.4) * 0.4
    v3.pan = sine.slow(3).range(-0.8, 0.8)


@cue(bars=16)
def overwound():
    bpm(line(112, 132, 16).late(now()))
    v1.z = mini("^pulse_line") >> chop(2) >> off(0.125, rev)
    v2.play("<metal bell>*8" >> degrade_by(sine.slow(4).range(0.2, 0.7)), transition=anticipate(2))
    v3.z = "string voice" >> striate(4) >> chunk(4, rev)


@cue(bars=8)
def run_down():
    tempo(60, over=8)
    v1.z = "drum(<5 4 3 2>,8)"
    v3.stop(fade=4)
    v2.z = "metal?"


form("wind_up", "gears", "escapement", "overwound", "run_down", end="hush")
