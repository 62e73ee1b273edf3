"""Garden: a walk through five beds, each time by another path. About three minutes, as long as you like live.

Which bed comes next is chosen by chance: a seed is a walk. livevae render patterns/garden.py -o walk.wav --seed 3
"""

tempo(90, beats=3)  # a bar is two seconds
transition(fade(1.5))

# Soil: a place of its own for each walk, never the same in two dimensions at once.
v1.z = (walk(step=0.5, bounds=(-1.5, 1.5), dims=16) * 0.8).unit().clip(0)
v1.amp = 0.25
v1.pan = sine.slow(11).range(-0.4, 0.4)


@cue(bars=14)
def moss():
    v2.z = stack((0.6, "voice@3 ~"), (0.4, "water")) + noise(0.2)
    v2.amp = perlin.slow(2).range(0.2, 0.5)


@cue(bars=12)
def reeds():
    v2.z = path((0, "wind"), (3, "string"), (8, "wind"), (12, "choir")) + jitter(0.1)
    v2.amp = 0.4
    v3.z = "bell(<3 5>,8)" >> rarely(ply("<2 3>"))
    v3.amp = 0.3
    v3.pan = "<-0.6 0.6 0>"


@cue(bars=14)
def stones():
    v3.z = choose_cycles("metal(3,8)", "drum ~ metal ~", "[metal drum]*2") >> linger("<1 0.5 1 0.25>")
    v3.amp = 0.4
    v2.z = lerp("string", "voice", tri.slow(7)).quantize_to("metal")
    v2.amp = 0.3


@cue(bars=12)
def birds():
    v3.z = wchoose_cycles(("bell*4?", 3), ("~ voice:<0 3 5>", 2), ("~", 1)) >> fast("<1 1 2>")
    v3.amp = rand.segment(4).range(0.1, 0.5)
    v3.pan = rand.seed(5).segment(4).range(-1, 1)
    after(6, lambda: v2.play("choir", transition=morph(3)))


@cue(bars=12)
def pond():
    v2.z = morph(["water", "choir", "bell"], sine.slow(6)) * 1.1
    v2.amp = 0.45
    v3.z = None


form(
    {
        "moss": ["reeds", "stones", "pond"],
        "reeds": {"birds": 2, "moss": 1},
        "stones": ["birds", "pond"],
        "birds": ["pond", "stones"],
        "pond": ["moss", "reeds"],
    },
    start="moss",
)
