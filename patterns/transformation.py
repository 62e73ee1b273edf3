"""Transformation: what enters the microphone comes out somewhere else.

`live` is the sound that is being played now, as a place in the space. It can be moved, stretched, held and mixed with
recordings without any delay beyond the model's own. To hear this without a microphone:

    livevae render patterns/transformation.py --input my-voice.wav -o out.wav
"""

tempo(60)

# The sound itself, drawn towards a choir and back; exaggerated a little, so that small gestures become large ones.
v1.input = live(1)
v1.z = lerp(live, "choir", sine.slow(4).range(0, 0.6)) * 1.2
v1.pan = -0.25

# The same at half its speed, in windows of two seconds, moved along one dimension bar by bar.
v2.input = live(1)
v2.z = live.stretch(2, window=2) + dim(0, "<-1 1 2 0>")
v2.amp = 0.8
v2.pan = 0.4

# An echo after a dotted beat that has become metal; it is there in every other bar only.
v3.input = live(1)
v3.z = lerp(live.delay(1.5), "metal", 0.5)
v3.amp = "<0 0.7>"
