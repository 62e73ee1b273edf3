"""Vector arithmetic: sounds added to and taken away from each other.

Recordings are vectors that move. The difference of two is a direction: what has to be added to the one to arrive at the
other. That direction can be walked from anywhere else, by as much as one likes, even backwards.
"""

tempo(75)

# What makes one singer out of many, and what makes something struck out of something sung.
alone = take("voice") - take("choir")
struck = take("metal") - take("string")

# Strings that are asked to be alone: from none of it, to all of it, to more than there is.
v1.z = take("string") + alone * tri.slow(8).range(0, 1.3)
v1.amp = 1.1
v1.pan = -0.3

# A choir that is struck, harder in every other bar. The rhythm is that of the pattern on the left.
v2.z = "choir ~ [~ choir] choir" + struck * "<0.3 0.5 0.4 0.8>"
v2.amp = 0.9
v2.pan = 0.35

# The sum from the manual: a bell without its choir and with half a drum in it, every fourth bar.
v3.z = "<bell ~ ~ bell*2>" - take("choir") * 0.5 + take("drum") * 0.5
v3.amp = 0.9
