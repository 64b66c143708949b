namespace Lab.Mmu;

/// <summary>Which frames a guest touches, and how: a main region, walked in order or at random, with now and then an access to a
/// second region. Deterministic for a seed.</summary>
public struct AccessPattern
{
    private ulong _state;

    /// <param name="seed">Any number; equal seeds touch equal frames in equal order.</param>
    /// <param name="main">Region that most accesses go to.</param>
    public AccessPattern(ulong seed, GfnRange main)
    {
        _state = (seed * 0x9e37_79b9_7f4a_7c15) | 1;
        Main = main;
    }

    public GfnRange Main { get; init; }

    /// <summary>Region that one in <see cref="SecondEvery"/> accesses goes to.</summary>
    public GfnRange Second { get; init; }

    /// <summary>Zero: never.</summary>
    public uint SecondEvery { get; init; }

    /// <summary>One in so many accesses is a write; zero: none.</summary>
    public uint WriteEvery { get; init; }

    /// <summary>Frames between one access and the next when in order; zero: at random.</summary>
    public ulong Stride { get; init; }

    /// <summary>Frame of the main region that was touched last in order; set it to begin elsewhere.</summary>
    public ulong Cursor { get; set; }

    public void Next(out Gfn gfn, out bool write)
    {
        // xorshift64*: cheap, and good enough to spread accesses.
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        ulong random = _state * 0x2545_f491_4f6c_dd1d;
        uint low = (uint)random;
        write = WriteEvery != 0 && low % WriteEvery == 0;
        if (SecondEvery != 0 && (low >> 8) % SecondEvery == 0)
        {
            gfn = Second.Start + Math.BigMul(random, Second.Frames, out _);
            return;
        }
        if (Stride == 0)
        {
            gfn = Main.Start + Math.BigMul(random, Main.Frames, out _);
            return;
        }
        Cursor += Stride;
        if (Cursor >= Main.Frames) Cursor %= Main.Frames;
        gfn = Main.Start + Cursor;
    }
}
