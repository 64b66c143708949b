namespace Lab.Mmu;

/// <summary>Guest frame number: a guest physical address in units of 4 KiB.</summary>
public readonly record struct Gfn(ulong Value)
{
    /// <summary>Number of 4 KiB frames that one SPTE at <paramref name="level"/> covers: 1, 512, 262,144, …</summary>
    public static ulong FramesPerSpte(PageLevel level) => 1UL << (9 * ((int)level - 1));

    /// <summary>The first frame that the SPTE at <paramref name="level"/> for this one covers.</summary>
    public Gfn AlignDown(PageLevel level) => new(Value & ~(FramesPerSpte(level) - 1));

    public static Gfn operator +(Gfn gfn, ulong frames) => new(gfn.Value + frames);

    public static Gfn Add(Gfn gfn, ulong frames) => gfn + frames;

    public override string ToString() => $"0x{Value:x}";
}

/// <summary>Half-open range of guest frames: <see cref="Start"/> is in it, <see cref="End"/> is not.</summary>
public readonly record struct GfnRange(Gfn Start, Gfn End)
{
    /// <summary>Every frame that a root can map.</summary>
    public static readonly GfnRange All = new(new Gfn(0), new Gfn(1UL << 36));

    public static GfnRange Of(ulong baseGfn, ulong frames) => new(new Gfn(baseGfn), new Gfn(baseGfn + frames));

    public bool IsEmpty => End.Value <= Start.Value;

    public ulong Frames => IsEmpty ? 0 : End.Value - Start.Value;

    public bool Contains(Gfn gfn) => gfn.Value >= Start.Value && gfn.Value < End.Value;

    public bool Overlaps(GfnRange other) => Start.Value < other.End.Value && other.Start.Value < End.Value;

    public override string ToString() => $"[{Start}, {End})";
}
