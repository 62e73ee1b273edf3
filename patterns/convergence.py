"""Convergence: a performer meets what a model makes of them. Five scenes, three minutes and twenty seconds.

In the spirit of Alexander Schubert's "Convergence" (2020), in which players are confronted with their own likenesses.
One microphone, one performer: a voice, or any instrument that can hold a tone and strike one.

    livevae patterns/convergence.py                                  F5 goes on to the next scene sooner
    livevae patterns/convergence.py --from stretch                   rehearses from a scene
    livevae patterns/convergence.py --input take.wav                 without a performer
    livevae render patterns/convergence.py --input take.wav -o out.wav

The score (a bar is four seconds, each scene lasts ten bars; the bar at the bottom counts down):

  reconstruction  Long single tones, each one breath, with rests of the same length. Listen to the copy and leave
                  nothing out. At bar 6 the copy begins to overdo it: answer by doing less.
  translation     The same tones. Each bar they come out one step further away. Follow the copy with your own colour.
  stretch         Short sounds, one in each bar, then silence: what you play is held, turned round and cut in pieces.
                  From bar 6 on play into the gaps.
  domain          Play freely and quietly. Nothing is heard now but moments of a choir and of strings, in the order in
                  which you come near them. Look for the edges between the two.
  tone            Loud and soft, high and low: only that remains of you, and it leads a sound that is not yours. In the
                  last two bars stop playing before the sound does.
"""

tempo(60, beats=4)
transition(fade(1))

# The performer as they are is heard through voice 1 alone, as late as its model, under everything.
v1.input = live(1)
v1.z = live
v1.input_fx = [fx.highpass(70), fx.compressor(-24, 3)]
v1.fx = [fx.reverb(size=0.75, mix=0.2)]
v1.amp = 0.8
v1.mix = 0.35
for voice in (v2, v3, v4):
    voice.input = live(1)
    voice.fx = [fx.reverb(size=0.85, damp=0.4, mix=0.3)]


@cue(bars=10)
def reconstruction():
    # From the middle of the model's space to the sound itself, and from bar 6 on beyond it.
    v2.z = live.exaggerate(env([(0, 0.2), (5, 1), (6, 1), (10, 1.7)]).late(now()))
    v2.amp = fade_in(2).late(now()) * 1.1
    v2.pan = 0.3


@cue(bars=10)
def translation():
    # Three likenesses, each moved along its own dimension, one step further with every bar.
    steps = run(10).slow(10).late(now())
    v2.z = live + dim(0, steps * 0.25).unit()
    v3.z = live + dim(1, steps * -0.3).unit() + dim(3, steps * 0.15).unit()
    v4.z = live.mirror(0, 2) + dim(2, steps * 0.2).unit()
    v2.amp, v3.amp, v4.amp = 0.9, 0.8, 0.7
    v2.pan, v3.pan, v4.pan = 0, -0.7, 0.7


@cue(bars=10)
def stretch():
    v2.z = live.stretch(3, window=4)
    v3.z = live.reverse(1.5)
    v4.z = live.stutter(6, 0.16)
    v2.amp, v3.amp = 1, "<0 0 0.8 1>"
    v4.amp = env([(0, 0), (5, 0), (6, 0.8), (10, 1)]).late(now())
    v3.pan, v4.pan = sine.slow(3).range(-0.8, 0.8), "<-0.6 0.6>*2"


@cue(bars=10)
def domain():
    # Domain transfer: at each moment the nearest moment of other recordings. With a second model of your own,
    # v2.model = bridge("voice.ts", "strings.ts") takes the place of this.
    v1.mix = 1
    v1.amp = 0
    v2.z = live.quantize_to(["choir", "voice"], tri.slow(10).range(0.5, 1))
    v3.z = live.smooth(0.15).quantize_to("string")
    v2.amp, v3.amp = 1, 0.9
    v2.pan, v3.pan = -0.4, 0.4


@cue(bars=10)
def tone():
    # Tone transfer: loudness and brightness of the performer, smoothed, lead another sound through the space.
    performer = follow(live)
    v1.amp = 0
    v2.z = morph(["wind", "string", "voice", "bell"], performer.pitch.smooth(0.1)) + noise(0.15)
    v2.amp = performer.loudness.smooth(0.08) * 1.1
    v3.z = lerp(mean("choir"), "metal", performer.brightness.smooth(0.2))
    v3.amp = performer.loudness.smooth(0.6) * line(0.2, 0.6, 8).late(now())
    v2.pan, v3.pan = performer.pitch.smooth(0.5).range(-0.5, 0.5), 0


form("reconstruction", "translation", "stretch", "domain", "tone", end="hush")
